//! Lines that are drawn and left out in turns: they tell runs of one colour apart.

/// Lengths drawn and left out, for the runs under the first one.
pub const DASHES: [Option<(f64, f64)>; 4] = [None, Some((9.0, 4.0)), Some((2.5, 3.5)), Some((14.0, 8.0))];

/// The parts of a line that are drawn.
pub fn dashed(line: &[(f64, f64)], (on, off): (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    let (mut parts, mut part) = (Vec::new(), line.first().map(|it| vec![*it]).unwrap_or_default());
    let (mut drawing, mut left) = (true, on);
    for two in line.windows(2) {
        let ((mut x, mut y), (to_x, to_y)) = (two[0], two[1]);
        loop {
            let length = (to_x - x).hypot(to_y - y);
            if length < left {
                left -= length;
                break;
            }
            let share = left / length.max(f64::MIN_POSITIVE);
            (x, y) = (x + (to_x - x) * share, y + (to_y - y) * share);
            if drawing {
                part.push((x, y));
                parts.push(std::mem::take(&mut part));
            } else {
                part = vec![(x, y)];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        if drawing {
            part.push((to_x, to_y));
        }
    }
    parts.push(part);
    parts.retain(|part| part.len() > 1);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_go_around_corners_and_have_their_lengths() {
        let line = [(0.0, 0.0), (5.0, 0.0), (5.0, 10.0)];
        let parts = dashed(&line, (6.0, 3.0));
        assert_eq!(parts, [vec![(0.0, 0.0), (5.0, 0.0), (5.0, 1.0)], vec![(5.0, 4.0), (5.0, 10.0)]]);
        assert!(dashed(&[], (6.0, 3.0)).is_empty());
    }
}

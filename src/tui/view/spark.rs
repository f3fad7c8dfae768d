//! A course in a line of text: a block a value.

const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// A share, 0 to 1, as a block.
pub fn block(share: f32) -> &'static str {
    BLOCKS[((share.clamp(0.0, 1.0) * 8.0).round() as usize).min(8)]
}

/// Values between their smallest and their largest; the smallest is seen, too.
pub fn course(values: &[f32]) -> String {
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let share = |value: f32| if high > low { 0.125 + 0.875 * (value - low) / (high - low) } else { 0.5 };
    values.iter().map(|value| block(share(*value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_goes_from_its_smallest_to_its_largest() {
        assert_eq!(course(&[8.0, 4.5, 1.0]), "█▅▁");
        assert_eq!(course(&[2.0, 2.0]), "▄▄");
        assert_eq!(course(&[]), "");
        assert_eq!(block(f32::NAN), " ");
    }
}

//! The colours of the embedding spaces in files. On the screen they are a little lighter or darker, as its ground is.

/// Okabe & Ito (2008), <https://jfly.uni-koeln.de/color/>, without black and with the yellow last: it
/// is weak on a light ground.
pub const HEADS: [(u8, u8, u8); 7] = [
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (86, 180, 233),
    (240, 228, 66),
];

/// Of the curve of this number on white. Where there are more curves than colours, these return darker.
pub fn on_white(number: usize) -> (u8, u8, u8) {
    let color = HEADS[number % HEADS.len()];
    match number / HEADS.len() % 3 {
        0 => color,
        turn => mixed(color, (0, 0, 0), 0.3 * turn as f32),
    }
}

/// Paler, for what lies under the other curves.
pub fn pale(color: (u8, u8, u8), share: f32) -> (u8, u8, u8) {
    mixed(color, (255, 255, 255), share)
}

/// A colour with this share, 0–1, of another one.
fn mixed(color: (u8, u8, u8), other: (u8, u8, u8), share: f32) -> (u8, u8, u8) {
    let mix = |a: u8, b: u8| (f32::from(a) * (1.0 - share) + f32::from(b) * share).round() as u8;
    (mix(color.0, other.0), mix(color.1, other.1), mix(color.2, other.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_one_curves_differ() {
        let mut colors: Vec<_> = (0..21).map(on_white).collect();
        colors.sort();
        colors.dedup();
        assert_eq!((colors.len(), on_white(0), pale((0, 100, 200), 0.5)), (21, HEADS[0], (128, 178, 228)));
    }
}

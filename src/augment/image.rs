//! The image that augmentations work on.

/// An RGB image, `[height, width, 3]`, f32 in `[0, 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `height × width × 3` values, red first.
    pub pixels: Vec<f32>,
}

impl Image {
    /// From bytes of the same layout, `0..=255`.
    pub fn from_bytes(width: usize, height: usize, bytes: &[u8]) -> Self {
        debug_assert_eq!(bytes.len(), width * height * 3);
        let mut image = Self { width, height, pixels: Vec::new() };
        image.set_bytes(bytes);
        image
    }

    /// Takes the bytes of another image of the same size, in the memory that it has.
    pub fn set_bytes(&mut self, bytes: &[u8]) {
        debug_assert_eq!(bytes.len(), self.width * self.height * 3);
        self.pixels.resize(bytes.len(), 0.0);
        floats(bytes, &mut self.pixels);
    }

    /// To bytes, rounded, `0..=255`.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.pixels.iter().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8).collect()
    }
}

/// Bytes as values in `[0, 1]`.
pub fn floats(bytes: &[u8], values: &mut [f32]) {
    debug_assert_eq!(bytes.len(), values.len());
    for (value, &byte) in values.iter_mut().zip(bytes) {
        *value = f32::from(byte) * (1.0 / 255.0);
    }
}

//! From an image to what the network sees.

use super::Images;
use crate::augment::Image;

/// Mean and standard deviation of ImageNet's channels, of values in `[0, 1]` (torchvision's models).
pub const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// See [`MEAN`].
pub const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// `[height, width, 3]` in `[0, 1]` → `[3, height, width]`, (x − mean) / deviation for each channel.
/// `planes` has the image's number of values.
pub fn normalise(image: &Image, planes: &mut [f32]) {
    let size = image.width * image.height;
    for (channel, plane) in planes.chunks_exact_mut(size.max(1)).enumerate().take(3) {
        let (mean, scale) = (MEAN[channel], 1.0 / STD[channel]);
        for (value, pixel) in plane.iter_mut().zip(image.pixels.chunks_exact(3)) {
            *value = (pixel[channel] - mean) * scale;
        }
    }
}

impl Images {
    /// One image, for augmentations.
    pub fn image(&self, index: usize) -> Image {
        Image::from_bytes(self.side, self.side, self.bytes(index))
    }

    /// An image's labels in words, such as `shape star`.
    pub fn describe(&self, index: usize) -> Vec<String> {
        let of = |labels: &super::Labels| {
            let class = usize::from(*labels.of.get(index)?);
            let name = labels.classes.get(class).cloned().unwrap_or_else(|| class.to_string());
            Some(format!("{} {name}", labels.name))
        };
        self.labels.iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_planes_of_zero_mean() {
        let image = Image { width: 2, height: 1, pixels: vec![0.485, 0.0, 1.0, 0.714, 0.456, 0.406] };
        let mut planes = vec![9.0; 6];
        normalise(&image, &mut planes);
        let wanted = [0.0, 1.0, -0.456 / 0.224, 0.0, (1.0 - 0.406) / 0.225, 0.0];
        for (ours, wanted) in planes.iter().zip(wanted) {
            assert!((ours - wanted).abs() < 1e-5, "{planes:?}");
        }
    }
}

//! From pixels to what the network takes.

use crate::augment::Image;

/// Mean of red, green and blue over ImageNet, of values in `[0, 1]` (torchvision's reference scripts).
pub const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Their standard deviation.
pub const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Writes an image `[height, width, 3]` in `[0, 1]` into planes `[3, height, width]`: (x − [`MEAN`]) ÷ [`STD`].
///
/// `planes` has as many values as the image; what either has beyond the other is left alone.
pub fn normalise(image: &Image, planes: &mut [f32]) {
    let area = image.width * image.height;
    debug_assert_eq!(planes.len(), area * 3);
    for (channel, plane) in planes.chunks_exact_mut(area.max(1)).take(3).enumerate() {
        let (scale, shift) = (1.0 / STD[channel], -MEAN[channel] / STD[channel]);
        for (to, rgb) in plane.iter_mut().zip(image.pixels.chunks_exact(3)) {
            *to = rgb[channel] * scale + shift;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_hold_the_formula() {
        let (width, height) = (3, 2);
        let pixels: Vec<f32> = (0..18).map(|value| value as f32 / 17.0).collect();
        let image = Image { width, height, pixels };
        let mut planes = vec![0.0; 18];
        normalise(&image, &mut planes);
        for channel in 0..3 {
            for place in 0..width * height {
                let expected = (image.pixels[place * 3 + channel] - MEAN[channel]) / STD[channel];
                assert!((planes[channel * 6 + place] - expected).abs() < 1e-5, "{channel} {place}");
            }
        }
    }
}

//! From pixels to what the network takes.

use crate::augment::{Image, vectorised};

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
    let (red, rest) = planes.split_at_mut(area.min(planes.len()));
    let (green, blue) = rest.split_at_mut(area.min(rest.len()));
    let scale = STD.map(|deviation| 1.0 / deviation);
    let shift: [f32; 3] = std::array::from_fn(|channel| -MEAN[channel] / STD[channel]);
    vectorised(
        #[inline(always)]
        || {
            let pixels = image.pixels.as_chunks::<3>().0;
            for (((rgb, red), green), blue) in pixels.iter().zip(red).zip(green).zip(blue) {
                *red = rgb[0] * scale[0] + shift[0];
                *green = rgb[1] * scale[1] + shift[1];
                *blue = rgb[2] * scale[2] + shift[2];
            }
        },
    );
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

//! From an image file to the working size: decoded, short side resized, centre cut out.

use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image};
use image::{ImageReader, Limits};
use std::{fs::File, io::BufReader, path::Path};

/// A header that promises more is refused before anything is decoded.
const LARGEST_SIDE: u32 = 20_000;
/// Bytes that decoding one image may take.
const LARGEST: u64 = 512 << 20;

/// Reads a jpeg, png or webp (by its content, whatever its name) as `[side, side, 3]` bytes.
///
/// Grayscale becomes three equal channels, 16 bits become 8, CMYK and palettes become RGB; transparent
/// parts show black.
///
/// # Errors
/// Why it cannot be read, in words.
pub(super) fn read(path: &Path, side: usize) -> Result<Vec<u8>, String> {
    // Only regular files: a pipe would be waited for for ever.
    let plain = path.metadata().map_err(|error| error.to_string())?;
    if !plain.is_file() {
        return Err("it is not a regular file".into());
    }
    let file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let mut reader = ImageReader::new(file).with_guessed_format().map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(LARGEST);
    reader.limits(limits);
    let decoded = reader.decode().map_err(|error| error.to_string())?;
    let rgb = if decoded.color().has_alpha() {
        let mut rgba = decoded.into_rgba8();
        for pixel in rgba.pixels_mut() {
            let alpha = u16::from(pixel[3]);
            for channel in &mut pixel.0[..3] {
                *channel = ((u16::from(*channel) * alpha + 127) / 255) as u8;
            }
        }
        image::DynamicImage::ImageRgba8(rgba).into_rgb8()
    } else {
        decoded.into_rgb8()
    };
    let (width, height) = rgb.dimensions();
    fit(rgb.into_raw(), width, height, side)
}

/// Resizes `[height, width, 3]` bytes so that the centred square becomes `[side, side, 3]`
/// (Catmull-Rom, with the filter widened when shrinking, as Pillow's bicubic).
///
/// # Errors
/// If the image is empty.
pub(super) fn fit(pixels: Vec<u8>, width: u32, height: u32, side: usize) -> Result<Vec<u8>, String> {
    let side = side as u32;
    if (width, height) == (side, side) {
        return Ok(pixels);
    }
    let source =
        Image::from_vec_u8(width, height, pixels, PixelType::U8x3).map_err(|error| error.to_string())?;
    let mut target = Image::new(side, side, PixelType::U8x3);
    let square = f64::from(width.min(height));
    let (left, top) = ((f64::from(width) - square) / 2.0, (f64::from(height) - square) / 2.0);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
        .crop(left, top, square, square);
    Resizer::new().resize(&source, &mut target, &options).map_err(|error| error.to_string())?;
    Ok(target.into_vec())
}

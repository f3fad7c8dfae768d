//! From a file, or the bytes of one, to an image of the working size.

use crate::data::fit::fit;
use crate::text::printable;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use std::io::Cursor;
use std::path::Path;

/// Pixels a side that a header may claim.
const MAX_SIDE: u32 = 20_000;
/// Bytes that decoding may allocate.
const MAX_ALLOC: u64 = 512 << 20;
/// Pixels that a header may claim: those bytes as RGB, which is where Pillow draws the line too.
const MAX_PIXELS: u64 = MAX_ALLOC / 3;
/// Bytes of a file; no image within the limits above is that long.
pub const MAX_FILE: u64 = 1 << 30;

/// A decoded image.
#[derive(Debug, PartialEq)]
pub struct Decoded {
    /// `[side, side, 3]` bytes.
    pub pixels: Vec<u8>,
    /// Width and height that it has in its file, turned as its orientation says.
    pub size: (usize, usize),
}

/// [`load`], then [`decode`].
pub fn file(path: &Path, side: usize) -> Result<Decoded, String> {
    decode(&load(path)?, side)
}

/// The bytes of an image's file.
///
/// # Errors
/// Why it cannot be read, in words that are fit for a terminal.
pub fn load(path: &Path) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(path).map_err(words)?.len();
    if size > MAX_FILE {
        return Err(format!("{size} bytes are more than the {MAX_FILE} that are allowed"));
    }
    std::fs::read(path).map_err(words)
}

/// Decodes a jpeg, png or webp by its content, turns it as its Exif orientation says, brings it to
/// `side` × `side`.
///
/// Everything becomes 8-bit RGB: 16-bit values are scaled, gray is repeated, palettes are looked up, CMYK
/// is converted by the decoder, and what is transparent is seen **over black**. Colour profiles are
/// ignored.
///
/// # Errors
/// Why it cannot be decoded, in words that are fit for a terminal.
pub fn decode(bytes: &[u8], side: usize) -> Result<Decoded, String> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(words)?;
    let format = reader.format().ok_or_else(|| match bytes.is_empty() {
        true => String::from("the file is empty"),
        false => String::from("the content is no jpeg, png or webp"),
    })?;
    if format == ImageFormat::Jpeg && cut_off(bytes) {
        return Err("cut off: the jpeg has no end".into());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(words)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(format!("{width}×{height} pixels are above the limit of {MAX_PIXELS}"));
    }
    // The pixels themselves are not counted by every decoder.
    limits.reserve(decoder.total_bytes()).map_err(words)?;
    let orientation = decoder.orientation().map_err(words)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(words)?;
    image.apply_orientation(orientation);
    let image = rgb(image);
    let (width, height) = (image.width() as usize, image.height() as usize);
    let pixels = fit(image.as_raw(), width, height, side).map_err(words)?;
    Ok(Decoded { pixels, size: (width, height) })
}

fn words(error: impl std::fmt::Display) -> String {
    printable(&error.to_string())
}

/// Eight-bit RGB, with alpha over black.
fn rgb(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let (width, height) = image.dimensions();
    let over_black = |value: u8, alpha: u8| ((u16::from(value) * u16::from(alpha) + 127) / 255) as u8;
    RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0;
        image::Rgb([red, green, blue].map(|value| over_black(value, alpha)))
    })
}

/// Whether a jpeg's image has no end. The decoder fills what is missing with gray and says nothing; here
/// it has to be said. The segments before the first scan are stepped over by their lengths, because a
/// thumbnail in them has an end of its own; what follows the image, such as a phone's short film, does
/// not matter. The mark cannot occur within a scan's data.
fn cut_off(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        match bytes.get(at..at + 4) {
            // Fill bytes may stand before a mark.
            Some([0xff, 0xff, ..]) => at += 1,
            Some([0xff, 0xda, ..]) => return !bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]),
            Some([0xff, _, high, low]) => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => return true,
        }
    }
}

//! Images of any size brought to the working size.

use super::DataError;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use std::cell::RefCell;

thread_local! {
    /// The resizer keeps its buffers from one image to the next.
    static RESIZER: RefCell<Resizer> = RefCell::new(Resizer::new());
}

/// Cuts the central square out of `width` × `height` RGB bytes and brings it to `side` × `side`, which
/// is resizing the short side and cropping the centre: bicubic (Catmull–Rom), widened when it makes
/// smaller, so that nothing aliases.
///
/// # Errors
/// The bytes are not an image of that size, or there is nothing in it.
pub fn fit(bytes: &[u8], width: usize, height: usize, side: usize) -> Result<Vec<u8>, DataError> {
    let refused = || DataError::Resize { width, height, side };
    if bytes.len() != width * height * 3 || bytes.is_empty() || side == 0 {
        return Err(refused());
    }
    if (width, height) == (side, side) {
        return Ok(bytes.to_vec());
    }
    let source =
        TypedImageRef::<U8x3>::from_buffer(width as u32, height as u32, bytes).map_err(|_| refused())?;
    let mut target = TypedImage::<U8x3>::new(side as u32, side as u32);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
        .fit_into_destination(Some((0.5, 0.5)));
    RESIZER
        .with_borrow_mut(|resizer| resizer.resize_typed(&source, &mut target, &options))
        .map_err(|_| refused())?;
    Ok(target.pixels().iter().flat_map(|pixel| pixel.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_central_square_is_kept() {
        // Red | green | blue, each 8 × 8: only green is in the centre.
        let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255]];
        let wide: Vec<u8> = (0..8 * 24).flat_map(|place| colours[place % 24 / 8]).collect();
        let fitted = fit(&wide, 24, 8, 4).unwrap();
        assert_eq!(fitted.len(), 4 * 4 * 3);
        assert!(fitted[3 * 5..3 * 7].chunks_exact(3).all(|rgb| rgb == [0, 255, 0]), "{fitted:?}");
    }

    #[test]
    fn a_fine_pattern_does_not_alias() {
        let stripes: Vec<u8> =
            (0..64 * 64).flat_map(|place| [if place % 2 == 0 { 0 } else { 255 }; 3]).collect();
        let fitted = fit(&stripes, 64, 64, 9).unwrap();
        assert!(fitted.iter().all(|&value| (110..=145).contains(&value)), "{fitted:?}");
    }

    #[test]
    fn bytes_of_another_length_are_no_image() {
        assert!(fit(&[0; 10], 2, 2, 4).is_err());
        assert!(fit(&[], 0, 0, 4).is_err());
    }
}

//! JPEG artefacts.

use super::{Augmentation, Image, Invalid, Knob, short};
use crate::rng::Stream;
use ::image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use ::image::{ExtendedColorType, ImageDecoder, ImageError};
use serde::{Deserialize, Serialize};
use std::io::Cursor;

/// Writes the image as JPEG and reads it again, with probability `p`, at a quality that is uniform in
/// `quality` (as torchvision's `v2.JPEG`, and one of the corruptions of Hendrycks & Dietterich, 2019).
///
/// The quality has libjpeg's meaning and tables. Colour is not subsampled (4:4:4), where torchvision
/// halves its resolution (4:2:0).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jpeg {
    /// Probability.
    pub p: f64,
    /// Least and greatest quality, 1 to 100, both included.
    pub quality: [u32; 2],
}

impl Default for Jpeg {
    fn default() -> Self {
        Self { p: 0.5, quality: [10, 90] }
    }
}

impl Augmentation for Jpeg {
    const KIND: &'static str = "jpeg";
    const HELP: &'static str = "adds the artefacts of JPEG";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of artefacts" },
        Knob { path: "quality.0", min: 1.0, max: 100.0, step: 5.0, help: "least quality: 1 is the worst" },
        Knob { path: "quality.1", min: 1.0, max: 100.0, step: 5.0, help: "greatest quality" },
    ];
    /// The quality; `None`: as it is.
    type Params = Option<u32>;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Option<u32> {
        let written = stream.coin(self.p as f32);
        let [low, high] = self.quality;
        let quality = low + stream.below(high.saturating_sub(low) + 1);
        written.then_some(quality)
    }

    fn apply(quality: &Option<u32>, image: &mut Image) {
        let Some(quality) = *quality else { return };
        let done = write_and_read(quality, image);
        // It fails for sides of more than 65,535 pixels, which JPEG cannot have.
        debug_assert!(done.is_ok(), "{done:?}");
    }

    fn summary(&self) -> String {
        format!("p {} quality {}–{}", short(self.p), self.quality[0], self.quality[1])
    }

    fn describe(quality: &Option<u32>) -> String {
        quality.map_or_else(|| "not written".into(), |quality| format!("quality {quality}"))
    }

    fn check(&self) -> Result<(), Invalid> {
        super::ordered("quality", self.quality.map(f64::from))
    }
}

fn write_and_read(quality: u32, image: &mut Image) -> Result<(), ImageError> {
    let mut bytes = image.to_bytes();
    let mut file = Vec::with_capacity(bytes.len());
    let mut encoder = JpegEncoder::new_with_quality(&mut file, quality.clamp(1, 100) as u8);
    encoder.encode(&bytes, image.width as u32, image.height as u32, ExtendedColorType::Rgb8)?;
    JpegDecoder::new(Cursor::new(&file))?.read_image(&mut bytes)?;
    *image = Image::from_bytes(image.width, image.height, &bytes);
    Ok(())
}

//! A chart as a PNG.

use super::{
    HEIGHT, PlotError, WIDTH,
    paint::{Brush, Item},
};
use plotters::backend::BitMapBackend;

/// Drawn so many times as large and made smaller, for smooth edges: plotters rounds to whole pixels.
const FINER: usize = 3;
/// Where a PNG says what made it.
const COMMENT: &str = "Comment";

/// Paints the items; the command is in the file's text.
///
/// # Errors
/// [`PlotError::Drawing`].
pub fn png(items: &[Item], command: &str) -> Result<Vec<u8>, PlotError> {
    let (width, height) = (WIDTH as usize * FINER, HEIGHT as usize * FINER);
    let mut large = vec![255; width * height * 3];
    let mut backend = BitMapBackend::with_buffer(&mut large, (width as u32, height as u32));
    Brush { scale: FINER as f64, pixels: true }.paint(items, &mut backend)?;
    drop(backend);
    encode(&smaller(&large), command).map_err(|error| PlotError::Drawing(error.to_string()))
}

/// Each pixel the mean of those that it is made of.
fn smaller(large: &[u8]) -> Vec<u8> {
    let row = WIDTH as usize * 3;
    let mut small = Vec::with_capacity(row * HEIGHT as usize);
    let mut sums = vec![0_u32; row];
    for rows in large.chunks_exact(row * FINER * FINER) {
        sums.fill(0);
        for (at, byte) in rows.iter().enumerate() {
            let at = at % (row * FINER);
            sums[at / (3 * FINER) * 3 + at % 3] += u32::from(*byte);
        }
        let count = (FINER * FINER) as u32;
        small.extend(sums.iter().map(|sum| ((sum + count / 2) / count) as u8));
    }
    small
}

fn encode(pixels: &[u8], command: &str) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // A tEXt chunk is Latin-1.
    if command.chars().all(|c| c <= '\u{ff}') {
        encoder.add_text_chunk(COMMENT.into(), command.into())?;
    } else {
        encoder.add_itxt_chunk(COMMENT.into(), command.into())?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(command: &str, items: &[Item]) -> (png::Info<'static>, Vec<u8>) {
        let bytes = png(items, command).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        (reader.info().clone(), pixels)
    }

    #[test]
    fn a_line_has_its_place_its_colour_and_its_width() {
        let line = Item::line([(100.0, 50.5), (200.0, 50.5)], (200, 0, 0), 1.0);
        let (info, pixels) = read("looc-tui export r", &[line]);
        let at = |x: usize, y: usize| &pixels[(y * 1280 + x) * 3..][..3];
        assert_eq!([at(150, 50), at(150, 48), at(150, 52)], [[200, 0, 0], [255; 3], [255; 3]]);
        assert_eq!([at(97, 50), at(203, 50)], [[255; 3], [255; 3]]);
        let text = &info.uncompressed_latin1_text[0];
        assert_eq!((&*text.keyword, &*text.text), ("Comment", "looc-tui export r"));
    }

    #[test]
    fn a_command_in_any_letters_is_kept() {
        let (info, _) = read("looc-tui export 獅子", &[]);
        assert_eq!(info.utf8_text[0].get_text().unwrap(), "looc-tui export 獅子");
    }
}

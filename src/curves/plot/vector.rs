//! A chart as an SVG.

use super::{
    HEIGHT, PlotError, WIDTH,
    paint::{Brush, Item},
};
use plotters::backend::SVGBackend;

/// plotters counts whole pixels: so many of them are one of the chart.
const FINER: u32 = 10;

/// Writes the items; title and command are said in its first elements.
///
/// # Errors
/// [`PlotError::Drawing`].
pub fn svg(items: &[Item], title: &str, command: &str) -> Result<Vec<u8>, PlotError> {
    let (width, height) = (WIDTH * FINER, HEIGHT * FINER);
    let mut body = String::new();
    let mut backend = SVGBackend::with_string(&mut body, (width, height));
    Brush { scale: f64::from(FINER), pixels: false }.paint(items, &mut backend)?;
    drop(backend);
    // The first element is plotters' own, of a size that is for its coordinates alone.
    let (_, items) = body.split_once('\n').unwrap_or_default();
    let text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         viewBox=\"0 0 {width} {height}\" stroke-linejoin=\"round\">\n\
         <title>{}</title>\n<desc>{}</desc>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n{items}",
        escaped(title),
        escaped(command)
    );
    Ok(text.into_bytes())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curves::plot::paint::{Anchor, INK};

    #[test]
    fn it_is_a_picture_of_its_size_with_words_and_command() {
        let words = Item::words((10.0, 20.0), "a < b".into(), 14.0, INK, Anchor::Start);
        let text = svg(&[words], "loss & more", "looc-tui export 'a<b'").unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("<title>loss &amp; more</title>\n<desc>looc-tui export 'a&lt;b'</desc>"));
        assert!(text.contains("a &lt; b") && text.contains("width=\"1280\" height=\"720\""));
        assert_eq!((text.matches("<svg").count(), text.matches("</svg>").count()), (1, 1));
        assert!(text.trim_end().ends_with("</svg>") && text.contains("x=\"100\" y=\"200\""));
    }
}

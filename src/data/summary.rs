//! What a data set has in it: counts of images and of classes, and moments of the channels.

use super::{DataError, Images, Splits};
use rayon::prelude::*;

/// One set of labels, counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// What is labelled: `class`, `shape`, …
    pub name: String,
    /// Each class's name, and its images in each of [`parts`]; 0 where a part has no such labels.
    pub classes: Vec<(String, Vec<usize>)>,
}

/// The parts of a data set, by name: `train`, `labelled` where there is one, `held_out`.
pub fn parts(splits: &Splits) -> Vec<(&'static str, &Images)> {
    let labelled = splits.labelled.as_deref().map(|images| ("labelled", images));
    [Some(("train", &*splits.train)), labelled, Some(("held_out", &*splits.held_out))]
        .into_iter()
        .flatten()
        .collect()
}

/// Counts the images of each class, for each set of labels that any part has.
pub fn count(splits: &Splits) -> Vec<Counted> {
    let parts = parts(splits);
    let mut counted: Vec<Counted> = Vec::new();
    for (part, (_, images)) in parts.iter().enumerate() {
        for labels in &images.labels {
            let known = counted.iter().position(|counted| counted.name == labels.name);
            let at = known.unwrap_or_else(|| {
                let classes = labels.classes.iter().map(|name| (name.clone(), vec![0; parts.len()]));
                counted.push(Counted { name: labels.name.clone(), classes: classes.collect() });
                counted.len() - 1
            });
            for &class in &labels.of {
                if let Some((_, counts)) = counted[at].classes.get_mut(usize::from(class)) {
                    counts[part] += 1;
                }
            }
        }
    }
    counted
}

/// Mean and standard deviation, each of red, green and blue.
pub type Moments = ([f64; 3], [f64; 3]);

/// Mean and standard deviation of red, green and blue over all pixels, of values in `[0, 1]`; `None` where
/// there is no image.
///
/// # Errors
/// The images are on the disk and cannot be read.
pub fn moments(images: &Images) -> Result<Option<Moments>, DataError> {
    if images.is_empty() {
        return Ok(None);
    }
    // Whole numbers: they add up to the same in any order.
    let (sums, squares) = (0..images.len())
        .into_par_iter()
        .map_init(Vec::new, |scratch, index| images.bytes(index, scratch).map(sums))
        .try_reduce(Default::default, |(a, b), (c, d)| Ok((add(a, c), add(b, d))))?;
    let pixels = (images.len() * images.side * images.side) as f64;
    let mean = sums.map(|sum| sum as f64 / pixels / 255.0);
    let square = squares.map(|sum| sum as f64 / pixels / (255.0 * 255.0));
    Ok(Some((mean, std::array::from_fn(|c| (square[c] - mean[c] * mean[c]).max(0.0).sqrt()))))
}

/// The sums of each channel and of its squares over one image.
fn sums(bytes: &[u8]) -> ([u64; 3], [u64; 3]) {
    let (mut sums, mut squares) = ([0; 3], [0; 3]);
    for rgb in bytes.as_chunks::<3>().0 {
        for channel in 0..3 {
            let value = u64::from(rgb[channel]);
            sums[channel] += value;
            squares[channel] += value * value;
        }
    }
    (sums, squares)
}

fn add(a: [u64; 3], b: [u64; 3]) -> [u64; 3] {
    std::array::from_fn(|channel| a[channel] + b[channel])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;

    fn images(of: &[u16], classes: &[&str], pixels: Vec<u8>) -> Images {
        let classes = classes.iter().map(|name| (*name).into()).collect();
        let labels = Labels { name: "class".into(), classes, of: of.to_vec() };
        Images { side: 1, pixels: pixels.into(), labels: vec![labels], ..Images::default() }
    }

    #[test]
    fn classes_are_counted_in_each_part() {
        let splits = Splits {
            train: Images { side: 1, pixels: vec![0; 9].into(), ..Images::default() }.into(),
            labelled: Some(images(&[0, 0], &["a", "b"], vec![0; 6]).into()),
            held_out: images(&[1], &["a", "b"], vec![0; 3]).into(),
            ..Splits::default()
        };
        let names: Vec<&str> = parts(&splits).iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["train", "labelled", "held_out"]);
        let classes = vec![("a".into(), vec![0, 2, 0]), ("b".into(), vec![0, 0, 1])];
        assert_eq!(count(&splits), [Counted { name: "class".into(), classes }]);
    }

    #[test]
    fn moments_are_those_of_the_pixels() {
        let (mean, deviation) = moments(&images(&[], &[], vec![0, 255, 51, 255, 255, 51])).unwrap().unwrap();
        assert_eq!(mean, [0.5, 1.0, 0.2]);
        assert!((deviation[0] - 0.5).abs() < 1e-12 && deviation[1] == 0.0 && deviation[2] < 1e-8);
        assert_eq!(moments(&Images::default()).unwrap(), None);
    }
}

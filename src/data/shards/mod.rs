//! What the sets in shards share: which files there are, the decoding of their images, their labels, and
//! what is held out.

#[cfg(any(feature = "parquet", feature = "webdataset"))]
mod classes;
mod find;
#[cfg(all(test, any(feature = "parquet", feature = "webdataset")))]
pub mod fixtures;
#[cfg(any(feature = "parquet", feature = "webdataset"))]
mod gather;
#[cfg(any(feature = "parquet", feature = "webdataset"))]
mod part;

pub use find::is_here;
#[cfg(any(feature = "parquet", feature = "webdataset"))]
pub use {
    find::{Format, Shards, find},
    gather::Gathering,
    part::{Part, Sample},
};

/// Opens the two parts: held out what is so by its name, or else a share of each class of the first.
#[cfg(any(feature = "parquet", feature = "webdataset"))]
pub fn splits(
    (train, held_out): (Part, Part),
    gathering: Gathering,
    names: &[(String, Vec<String>)],
    share: f64,
    mut notes: Vec<String>,
) -> super::Splits {
    let Gathering { side, sizes, mut damaged, .. } = gathering;
    let mut parts = [train, held_out];
    let sets = classes::agree(&mut parts, names, &mut damaged, &mut notes);
    let [mut train, mut held_out] = parts;
    if held_out.is_empty() {
        held_out = classes::hold_out(&mut train, &sets, share);
    }
    if !damaged.is_empty() {
        let of = train.len() + held_out.len() + damaged.len();
        notes.push(format!("{} of {of} images are damaged and left out:", damaged.len()));
        notes.extend(damaged.iter().map(|image| format!("damaged: {image}")));
    }
    let (train, held_out) = (train.images(side, &sets).into(), held_out.images(side, &sets).into());
    super::Splits { train, held_out, sizes, damaged, notes, ..super::Splits::default() }
}

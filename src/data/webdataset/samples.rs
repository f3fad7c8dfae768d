//! Members put together to samples.

use super::members::{Kind, LeftOut, Member, walk};
use crate::data::place::folder_or_file;
use crate::data::registry::{Progress, tell};
use crate::data::shards::{self, Format, Gathering, Part, Sample, Shards};
use crate::data::{DataError, DataSettings, Splits, binary};
use crate::text::printable;
use serde_json::Value;
use std::path::PathBuf;

const FORMAT: Format =
    Format { kind: "webdataset", extension: super::EXTENSION, example: "train-0000.tar and val-0000.tar" };
/// Samples decoded between two reports of progress …
const CHUNK: usize = 64;
/// … or fewer, where they are long.
const CHUNK_BYTES: usize = 64 << 20;
/// How progress is counted: how many images there are is known at the end.
const MEGABYTE: u64 = 1 << 20;
/// The one set of labels.
const SET: &str = "class";
/// A file beside the shards with the names of the classes, one a line.
const NAMES: &str = "classes.txt";

/// Opens tar shards, or one file.
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let path = folder_or_file(settings, FORMAT.kind)?;
    tell(progress, "looking for shards", 0, 0)?;
    let mut found = shards::find(&path, &FORMAT)?;
    let bytes = found.train.iter().chain(&found.held_out).filter_map(|path| path.metadata().ok());
    let bytes = bytes.fold(0u64, |sum, what| sum.saturating_add(what.len()));
    let of = usize::try_from(bytes / MEGABYTE).unwrap_or(usize::MAX);
    let mut gathering = Gathering::new(settings.size, ("decoding images, megabytes of shards", of), progress);
    let mut left_out = LeftOut::default();
    let mut part = |paths: &[PathBuf]| read(paths, &found, &mut gathering, &mut left_out);
    let parts = (part(&found.train)?, part(&found.held_out)?);
    found.notes.append(&mut left_out.notes());
    let most = [&parts.0, &parts.1].into_iter().filter_map(Part::most).max();
    let names = match most {
        Some(most) if found.root.join(NAMES).is_file() => {
            binary::names(&found.root.join(NAMES), (SET, most + 1, 0), &mut found.notes)?
        }
        _ => Vec::new(),
    };
    let names = [(SET.to_owned(), names)];
    Ok(shards::splits(parts, gathering, &names, settings.held_out_share, found.notes))
}

/// Reads one part of the set, shard by shard.
fn read(
    paths: &[PathBuf],
    found: &Shards,
    gathering: &mut Gathering,
    left_out: &mut LeftOut,
) -> Result<Part, DataError> {
    let mut part = Part::new(vec![(SET.into(), None)]);
    for path in paths {
        let before = gathering.done;
        let mut reading = Reading {
            shard: found.name(path),
            open: None,
            samples: Vec::new(),
            bytes: 0,
            imageless: 0,
            surplus: 0,
        };
        let mut end = 0;
        walk(path, left_out, &mut |member, at| {
            end = before + usize::try_from(at / MEGABYTE).unwrap_or_default();
            reading.member(member);
            if reading.samples.len() >= CHUNK || reading.bytes >= CHUNK_BYTES {
                reading.bytes = 0;
                gathering.add(&mut part, std::mem::take(&mut reading.samples), end)?;
            }
            Ok(())
        })?;
        reading.close();
        left_out.imageless += reading.imageless;
        left_out.surplus += reading.surplus;
        gathering.add(&mut part, reading.samples, end)?;
    }
    Ok(part)
}

/// The members of one sample so far.
struct Open {
    key: String,
    image: Option<Result<Vec<u8>, String>>,
    class: Option<Result<i64, String>>,
    json: Option<Result<i64, String>>,
}

/// The reading of one shard.
struct Reading {
    shard: String,
    open: Option<Open>,
    samples: Vec<Sample>,
    /// Of the images in `samples`.
    bytes: usize,
    imageless: usize,
    surplus: usize,
}

impl Reading {
    fn member(&mut self, Member { key, kind, bytes }: Member) {
        if self.open.as_ref().is_none_or(|open| open.key != key) {
            self.close();
        }
        let open = self.open.get_or_insert(Open { key, image: None, class: None, json: None });
        match kind {
            Kind::Image if open.image.is_some() => self.surplus += 1,
            Kind::Image => open.image = Some(bytes),
            Kind::Class => open.class = Some(bytes.and_then(|bytes| class(&bytes))),
            Kind::Json => open.json = bytes.and_then(|bytes| json(&bytes)).transpose(),
            Kind::Foreign => {}
        }
    }

    /// Ends a sample.
    fn close(&mut self) {
        let Some(Open { key, image, class, json }) = self.open.take() else { return };
        let Some(image) = image else {
            self.imageless += 1;
            return;
        };
        let label = class.or(json).transpose();
        let (image, label) = match (image, label) {
            (Ok(image), Ok(label)) => (Ok(image), label),
            (Err(why), _) | (_, Err(why)) => (Err(why), None),
        };
        self.bytes += image.as_ref().map_or(0, Vec::len);
        let name = format!("{}, {}", self.shard, printable(&key));
        self.samples.push(Sample { name, image, labels: vec![label] });
    }
}

/// The label in a `.cls`.
fn class(bytes: &[u8]) -> Result<i64, String> {
    let text = String::from_utf8_lossy(bytes);
    let wrong = |_| {
        let start: String = printable(text.trim()).chars().take(20).collect();
        format!("its .cls is no whole number but {start:?}")
    };
    text.trim().parse().map_err(wrong)
}

/// The label in a `.json`, if it has one.
fn json(bytes: &[u8]) -> Result<Option<i64>, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("its .json: {error}"))?;
    Ok(["label", SET].iter().find_map(|key| value.get(key)?.as_i64()))
}

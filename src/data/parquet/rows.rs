//! The rows of parquet shards, row group by row group.

use super::columns::{Columns, Label, columns};
use super::pages::{Pages, Source, wrong as damaged};
use super::values::{Value, Values};
use crate::data::place::folder_or_file;
use crate::data::registry::{Progress, tell};
use crate::data::shards::{self, Format, Gathering, Part, Sample, Shards};
use crate::data::{DataError, DataSettings, Splits, binary};
use crate::text::printable;
use bytes::Bytes;
use parquet::basic::Type;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FORMAT: Format =
    Format { kind: "parquet", extension: super::EXTENSION, example: "train-00000-of-00001.parquet" };
/// Rows decoded between two reports of progress.
const CHUNK: usize = 64;

/// Opens parquet shards, or one file.
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let path = folder_or_file(settings, FORMAT.kind)?;
    tell(progress, "looking for shards", 0, 0)?;
    let found = shards::find(&path, &FORMAT)?;
    let opened = |paths: &[PathBuf]| -> Result<Vec<Shard>, DataError> {
        paths.iter().map(|path| Shard::open(path, &found)).collect()
    };
    let (train, held_out) = (opened(&found.train)?, opened(&found.held_out)?);
    let rows = train.iter().chain(&held_out).map(|shard| shard.rows).fold(0, usize::saturating_add);
    let mut gathering = Gathering::new(settings.size, ("decoding images", rows), progress);
    let parts = (read(&train, &mut gathering)?, read(&held_out, &mut gathering)?);
    let labels = train.iter().chain(&held_out).flat_map(|shard| &shard.columns.labels);
    let names: Vec<_> =
        labels.filter_map(|(_, label)| Some((label.set.clone(), label.classes.clone()?))).collect();
    Ok(shards::splits(parts, gathering, &names, settings.held_out_share, found.notes))
}

/// Reads one part of the set, shard by shard.
fn read(shards: &[Shard], gathering: &mut Gathering) -> Result<Part, DataError> {
    let Some(first) = shards.first() else { return Ok(Part::default()) };
    let labels = |shard: &Shard| -> Vec<Label> {
        shard.columns.labels.iter().map(|(_, label)| label.clone()).collect()
    };
    let sets = labels(first).into_iter().map(|label| (label.set, label.classes.map(|names| names.len())));
    let mut part = Part::new(sets.collect());
    for shard in shards {
        if labels(shard) != labels(first) {
            let why = format!("its columns of labels, or their classes, are not those of {}", first.name);
            return Err(DataError::format(&shard.path, why));
        }
        shard.read(&mut part, gathering)?;
    }
    Ok(part)
}

/// One file, whose end has been read.
struct Shard {
    path: PathBuf,
    /// For people.
    name: String,
    file: Arc<Source>,
    length: u64,
    meta: ParquetMetaData,
    columns: Columns,
    rows: usize,
}

impl Shard {
    fn open(path: &Path, found: &Shards) -> Result<Self, DataError> {
        let (file, length) = binary::open(path)?;
        let meta = ParquetMetaDataReader::new().parse_and_finish(&file).map_err(wrong(path))?;
        let name = found.name(path);
        let columns = columns(meta.file_metadata(), &name)?;
        let mut rows = meta.row_groups().iter().map(|group| usize::try_from(group.num_rows()));
        let rows = rows.try_fold(0usize, |sum, rows| sum.checked_add(rows.ok()?));
        // An image takes more than a byte; nulls without end would fill the memory with their names.
        let rows = rows.filter(|rows| *rows as u64 <= length);
        let rows = rows.ok_or_else(|| DataError::format(path, "it tells of more rows than it can have"))?;
        Ok(Self { path: path.to_owned(), name, file: Arc::new(Source(file)), length, meta, columns, rows })
    }

    fn read(&self, part: &mut Part, gathering: &mut Gathering) -> Result<(), DataError> {
        let mut row = 0;
        for group in self.meta.row_groups() {
            let mut group = Group::open(self, group).map_err(wrong(&self.path))?;
            while group.left > 0 {
                let samples = group.next(&self.name, row).map_err(wrong(&self.path))?;
                row += samples.len();
                let done = gathering.done + samples.len();
                gathering.add(part, samples, done)?;
            }
        }
        Ok(())
    }
}

/// What the library says of a file, for people.
fn wrong(path: &Path) -> impl Fn(ParquetError) -> DataError + '_ {
    move |error| DataError::format(path, printable(&error.to_string()))
}

/// The columns of a row group, read abreast.
struct Group {
    /// Rows that have not been read.
    left: usize,
    images: Values<Bytes>,
    labels: Vec<Numbers>,
}

impl Group {
    fn open(shard: &Shard, group: &RowGroupMetaData) -> Result<Self, ParquetError> {
        let rows = usize::try_from(group.num_rows())?;
        let images = column(shard, group, shard.columns.image)?;
        let labels = shard.columns.labels.iter().map(|(at, _)| match group.column(*at).column_type() {
            Type::INT32 => column(shard, group, *at).map(Numbers::Short),
            _ => column(shard, group, *at).map(Numbers::Long),
        });
        Ok(Self { left: rows, images, labels: labels.collect::<Result<_, _>>()? })
    }

    /// Some rows more. The first of them is `row` of the file.
    fn next(&mut self, shard: &str, row: usize) -> Result<Vec<Sample>, ParquetError> {
        let count = self.left.min(CHUNK);
        self.left -= count;
        let images = self.images.take(count)?;
        let mut labels = vec![Vec::with_capacity(self.labels.len()); count];
        for column in &mut self.labels {
            let column = column.take(count)?;
            labels.iter_mut().zip(column).for_each(|(labels, label)| labels.push(label));
        }
        let sample = |(place, (image, labels)): (usize, (Option<Bytes>, _))| Sample {
            name: format!("{shard}, row {}", row + place),
            image: match image {
                Some(bytes) => Ok(bytes.to_vec()),
                None => Err("the file has no bytes of it, only a path, which is not followed".into()),
            },
            labels,
        };
        Ok(images.into_iter().zip(labels).enumerate().map(sample).collect())
    }
}

/// A column of numbers.
enum Numbers {
    Short(Values<i32>),
    Long(Values<i64>),
}

impl Numbers {
    fn take(&mut self, count: usize) -> Result<Vec<Option<i64>>, ParquetError> {
        match self {
            Self::Long(column) => column.take(count),
            Self::Short(column) => {
                Ok(column.take(count)?.into_iter().map(|value| value.map(i64::from)).collect())
            }
        }
    }
}

/// A column in a row group.
fn column<T: Value>(shard: &Shard, group: &RowGroupMetaData, at: usize) -> Result<Values<T>, ParquetError> {
    let chunk = group.column(at);
    let told = shard.meta.file_metadata().schema_descr().column(at);
    if chunk.column_type() != told.physical_type() {
        return Err(damaged(format!("the column {} is not of the type that is told", chunk.column_path())));
    }
    let pages = Pages::open(&shard.file, shard.length, chunk, usize::try_from(group.num_rows())?)?;
    Ok(Values::new(pages, told.max_def_level()))
}

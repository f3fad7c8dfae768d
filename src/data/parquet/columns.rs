//! Which columns of a parquet file are the images and the labels, and what the classes are called.

use crate::data::DataError;
use crate::text::printable;
use parquet::basic::Type;
use parquet::file::metadata::{FileMetaData, KeyValue};
use parquet::schema::types::ColumnDescriptor;
use serde_json::Value;

/// The key of the metadata that the `datasets` library writes.
const KEY: &str = "huggingface";
/// Columns that are named in an error.
const NAMED: usize = 20;

/// A column of labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Of the set of labels.
    pub set: String,
    /// Its column.
    pub column: String,
    /// The classes' names, where the file has them.
    pub classes: Option<Vec<String>>,
}

/// The columns of a file.
#[derive(Debug)]
pub struct Columns {
    /// The column of the images' bytes, among all that hold values.
    pub image: usize,
    /// Those of the labels, with their columns.
    pub labels: Vec<(usize, Label)>,
}

/// Finds the columns. `file` is for the message.
///
/// # Errors
/// There is no column of images.
pub fn columns(meta: &FileMetaData, file: &str) -> Result<Columns, DataError> {
    let all = meta.schema_descr().columns();
    let is_image = |column: &ColumnDescriptor| {
        let bytes = matches!(column.path().parts(), [_, field] if field == "bytes");
        bytes && column.physical_type() == Type::BYTE_ARRAY && column.max_rep_level() == 0
    };
    let images: Vec<usize> = (0..all.len()).filter(|&at| is_image(&all[at])).collect();
    let called = |name: &str| images.iter().copied().find(|&at| all[at].path().parts()[0] == name);
    let image = called("image").or_else(|| called("img")).or(match images.as_slice() {
        [only] => Some(*only),
        _ => None,
    });
    let Some(image) = image else {
        let mut names: Vec<String> = all.iter().map(|column| printable(&column.path().string())).collect();
        if let Some(more) = names.len().checked_sub(NAMED).filter(|more| *more > 0) {
            names.truncate(NAMED);
            names.push(format!("{more} more"));
        }
        return Err(DataError::NoImageColumn { file: file.into(), columns: names.join(", ") });
    };
    let features = features(meta.key_value_metadata());
    let label = |(at, column): (usize, &std::sync::Arc<ColumnDescriptor>)| {
        let [name] = column.path().parts() else { return None };
        let integer = matches!(column.physical_type(), Type::INT32 | Type::INT64);
        let classes = classes(&features[name.as_str()]);
        let known = is_label(name) || classes.is_some();
        (integer && column.max_rep_level() == 0 && known)
            .then(|| (at, Label { set: set(name), column: name.clone(), classes }))
    };
    let mut labels: Vec<_> = all.iter().enumerate().filter_map(label).collect();
    // The first set is the one that the metrics show first; the others stay in the file's order.
    labels.sort_by_key(|(_, label)| match label.column.as_str() {
        "label" | "labels" => 0,
        "fine_label" => 1,
        _ => 2,
    });
    Ok(Columns { image, labels })
}

fn is_label(name: &str) -> bool {
    matches!(name, "label" | "labels" | "class" | "target") || name.ends_with("_label")
}

/// The name of a column's set of labels.
fn set(column: &str) -> String {
    match column {
        "label" | "labels" | "target" => "class".into(),
        _ => printable(column.strip_suffix("_label").unwrap_or(column)),
    }
}

/// What the `datasets` library says of each column; null where it says nothing.
fn features(pairs: Option<&Vec<KeyValue>>) -> Value {
    let text = pairs.into_iter().flatten().find(|pair| pair.key == KEY).and_then(|pair| pair.value.as_ref());
    let mut meta: Value = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    meta["info"]["features"].take()
}

/// The names of a column's classes.
fn classes(feature: &Value) -> Option<Vec<String>> {
    let names = feature.get("names")?.as_array()?;
    names.iter().map(|name| name.as_str().map(printable)).collect()
}

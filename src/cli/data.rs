//! `looc-tui data`.

use super::{
    Code, Globals, Run, bar, say,
    sheet::{Sheet, Tile},
};
use crate::{
    config::Config,
    data::{self, Counted, DataError, Images, Splits},
    text::printable_name,
};
use clap::Args;
use color_eyre::{Report, eyre::WrapErr};
use serde_json::{Map, Value, json};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

const HELP: &str = "\
Examples:
  looc-tui data my-photos
  looc-tui data my-photos --set data.size=64 --out sheet.png
  looc-tui data folder.yaml --json

The kind of a folder is told by its files; --set data.kind=KIND says otherwise.
Exit codes: 0 it can be trained on, 1 it cannot (why is on stderr), 78 configuration.";

/// Classes of a set of labels that are listed; of more, the largest and the smallest half as many.
const LISTED: usize = 20;
/// Sizes that are listed.
const SIZES: usize = 5;
/// Pictures of the contact sheet, and how many a row.
const TILES: usize = 40;
const COLUMNS: usize = 8;

/// Looks into a data set without training: its kind, the images of each part and class, their sizes,
/// damaged files and why, and the channels' moments over the training images. With --out it draws some
/// training images of each class into a PNG or an SVG.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Data {
    /// A folder with a data set, or a configuration (YAML); without either, the built-in data set
    #[arg(value_name = "DIR|CONFIG")]
    what: Option<PathBuf>,
    /// The PNG or SVG to write
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// One JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Run for Data {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let (config, is_folder) = self.config(globals)?;
        let splits = bar::while_loading(|progress| data::read(&config.data, progress))?;
        let counted = data::count(&splits);
        let text = match self.json {
            true => serde_json::to_string_pretty(&document(&config, &splits, &counted)?)?,
            false => table(&config, &splits, &counted)?,
        };
        if let Some(out) = &self.out {
            let images = if splits.train.is_empty() { &splits.held_out } else { &splits.train };
            let saved = Sheet::new(images.side, &tiles(images)?, COLUMNS).save(out);
            saved.wrap_err_with(|| format!("cannot write {}", printable_name(out.as_os_str())))?;
        }
        // Last: whoever reads it may stop before its end.
        writeln!(std::io::stdout(), "{text}")?;
        let (batch, count) = (config.train.batch, splits.train.len());
        // Without a configuration the batch is nobody's choice.
        let batch = if is_folder || batch <= count { Ok(()) } else { Err(DataError::Batch { batch, count }) };
        match splits.check(&config.data).and(batch) {
            Ok(()) => Ok(Code::Done),
            Err(error) => {
                say(&format!("looc-tui: it cannot be trained on: {error}"));
                Ok(Code::Failure)
            }
        }
    }
}

impl Data {
    /// The configuration that says what to read, and whether it was made up for a folder.
    fn config(&self, globals: &Globals) -> Result<(Config, bool), Report> {
        let Some((folder, kind)) = self.what.as_deref().and_then(folder) else {
            return Ok((globals.config(self.what.as_deref())?, false));
        };
        let mut globals = globals.clone();
        // Ahead of the user's own changes, which may say that it is of another kind.
        globals.set.splice(0..0, [format!("data.kind={kind}"), "data.path=.".into()]);
        let mut config = globals.config(None)?;
        config.data.path = Some(folder);
        Ok((config, true))
    }
}

/// The folder that is meant, from here or else from `LOOC_DATA`, and the kind of what is in it.
fn folder(given: &Path) -> Option<(PathBuf, &'static str)> {
    let start = std::env::var_os("LOOC_DATA").map(|start| Path::new(&start).join(given));
    let there = [Some(given.to_owned()), start].into_iter().flatten().find(|path| path.exists())?;
    let kind = data::recognise(&there)?.name;
    Some((std::path::absolute(there).ok()?, kind))
}

/// Where the set is, for people.
fn place(config: &Config) -> Option<String> {
    config.data.path.as_deref().map(|path| printable_name(path.as_os_str()))
}

fn document(config: &Config, splits: &Splits, counted: &[Counted]) -> Result<Value, DataError> {
    let parts = data::parts(splits);
    let keyed = |counts: &[usize]| -> Map<String, Value> {
        parts.iter().zip(counts).map(|((part, _), count)| ((*part).into(), json!(count))).collect()
    };
    let class = |(name, counts): &(String, Vec<usize>)| {
        let mut class = Map::from_iter([("name".into(), json!(name))]);
        class.append(&mut keyed(counts));
        Value::Object(class)
    };
    let labels = counted.iter().map(|labels| {
        json!({ "name": labels.name, "classes": labels.classes.iter().map(class).collect::<Vec<_>>() })
    });
    let sizes = splits
        .sizes
        .iter()
        .map(|((width, height), images)| json!({ "width": width, "height": height, "images": images }));
    let damaged = splits.damaged.iter().map(|damaged| json!({ "file": damaged.file, "why": damaged.why }));
    let moments = data::moments(&splits.train)?;
    let of_files = |note: &&String| !note.starts_with("damaged: ");
    Ok(json!({
        "kind": config.data.kind,
        "path": place(config),
        "size": config.data.size,
        "images": keyed(&parts.iter().map(|(_, images)| images.len()).collect::<Vec<_>>()),
        "labels": labels.collect::<Vec<_>>(),
        "sizes": sizes.collect::<Vec<_>>(),
        "mean": moments.map(|(mean, _)| mean),
        "deviation": moments.map(|(_, deviation)| deviation),
        "damaged": damaged.collect::<Vec<_>>(),
        "notes": splits.notes.iter().filter(of_files).collect::<Vec<_>>(),
    }))
}

fn table(config: &Config, splits: &Splits, counted: &[Counted]) -> Result<String, DataError> {
    let parts = data::parts(splits);
    let words = |part: &str| part.replace('_', " ");
    let images: Vec<String> =
        parts.iter().map(|(part, images)| format!("{} {}", images.len(), words(part))).collect();
    let at = place(config).map(|at| format!(", in {at}")).unwrap_or_default();
    let side = config.data.size;
    let mut lines = vec![
        format!("{:11}{}{at}", "kind", config.data.kind),
        format!("{:11}{}", "images", images.join(", ")),
        format!("{:11}{}; brought to {side}×{side}", "sizes", sizes(splits)),
    ];
    if let Some((mean, deviation)) = data::moments(&splits.train)? {
        let three = |of: [f64; 3]| of.map(|value| format!("{value:.4}")).join(" ");
        lines.push(format!("{:11}{}  red, green, blue of the training images, 0 to 1", "mean", three(mean)));
        lines.push(format!("{:11}{}", "deviation", three(deviation)));
    }
    for labels in counted {
        let heads: String = parts.iter().map(|(part, _)| format!(" {:>9}", words(part))).collect();
        lines.push(format!("\n{:24}{heads}", format!("{} ({})", labels.name, labels.classes.len())));
        lines.extend(classes(labels));
    }
    if !splits.notes.is_empty() {
        lines.push(String::new());
        lines.extend(splits.notes.iter().cloned());
    }
    Ok(lines.join("\n"))
}

/// The most frequent sizes.
fn sizes(splits: &Splits) -> String {
    let mut sizes: Vec<_> = splits.sizes.iter().collect();
    sizes.sort_by_key(|(_, images)| std::cmp::Reverse(**images));
    let told = |((width, height), images): &(&(usize, usize), &usize)| format!("{width}×{height} ({images})");
    let named = sizes.iter().take(SIZES).map(told).collect::<Vec<_>>().join(", ");
    match sizes.len().saturating_sub(SIZES) {
        0 if sizes.is_empty() => "none".into(),
        0 => named,
        more => format!("{named}, and {more} others"),
    }
}

/// A line a class; of many, the largest and the smallest.
fn classes(labels: &Counted) -> Vec<String> {
    let line = |(name, counts): &(String, Vec<usize>)| {
        let counts: String = counts.iter().map(|count| format!(" {count:>9}")).collect();
        format!("  {name:22}{counts}")
    };
    if labels.classes.len() <= LISTED {
        return labels.classes.iter().map(line).collect();
    }
    let mut classes: Vec<_> = labels.classes.iter().collect();
    classes.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
    let (largest, others) = classes.split_at(LISTED / 2);
    let (between, smallest) = others.split_at(others.len() - LISTED / 2);
    let gap = format!("  … {} between the largest and the smallest", between.len());
    let largest = largest.iter().map(|class| line(class));
    largest.chain([gap]).chain(smallest.iter().map(|class| line(class))).collect()
}

/// Some images of each class, the first ones; without classes, some from all over the set.
fn tiles(images: &Images) -> Result<Vec<Tile>, DataError> {
    let chosen: Vec<usize> = match images.labels.first() {
        Some(labels) => {
            let each = (TILES / labels.classes.len().max(1)).max(1);
            let of = |class: usize| {
                let is = move |(_, of): &(usize, &u16)| usize::from(**of) == class;
                labels.of.iter().enumerate().filter(is).map(|(index, _)| index).take(each)
            };
            (0..labels.classes.len()).flat_map(of).take(TILES).collect()
        }
        None => {
            let count = images.len().min(TILES);
            (0..count).map(|place| place * images.len() / count).collect()
        }
    };
    let tile = |index: usize| {
        let mut scratch = Vec::new();
        Ok(Tile {
            title: format!("image {index}"),
            picture: images.bytes(index, &mut scratch)?.to_vec(),
            lines: images.describe(index).into_iter().map(|line| (line, false)).collect(),
        })
    };
    chosen.into_iter().map(tile).collect()
}

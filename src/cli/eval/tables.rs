//! An evaluation as tables of text: a table a kind of figure, a row a representation.

use super::Evaluated;
use crate::{
    eval::{Figure, Unit},
    text::{printable, printable_name},
};
use unicode_width::UnicodeWidthStr;

/// Columns of a terminal that a table fits into.
const WIDTH: usize = 100;
/// Those of the rows' names, and of the narrowest figure with the space before it.
const NAME: usize = 18;
const FIGURE: usize = 9;
/// The row below a trained one's.
const AT_START: &str = "  at init";

/// All of it.
pub fn tables(of: &Evaluated) -> String {
    let mut text = heading(of);
    let mut titles: Vec<&str> = Vec::new();
    for figure in &of.evaluation.trained {
        if !titles.contains(&figure.table.as_str()) {
            titles.push(&figure.table);
        }
    }
    for title in titles {
        text.push('\n');
        text += &table(title, &of.evaluation.trained, &of.evaluation.at_initialisation);
    }
    text
}

fn heading(of: &Evaluated) -> String {
    let Evaluated { config, evaluation, step, compute, .. } = of;
    let (run, seed) = (printable_name(of.run.as_os_str()), config.train.seed);
    let (kind, size) = (&config.data.kind, config.data.size);
    format!(
        "{run}, step {step}, seed {seed}, configuration {}, on {compute}, {:.1} s\n\
         {kind} at {size} px: fitted to {} of {} training images, read on {} held-out; views of {}\n\
         V: the backbone's features; z:HEAD: a head's embedding; all by the query encoder in evaluation mode\n\
         at init: the same network before its first step, same seed, with BatchNorm's statistics of its own\n",
        of.stored.hash(),
        of.seconds,
        evaluation.bank,
        of.images.0,
        evaluation.held_out,
        evaluation.viewed,
    )
}

/// One table, in as many pieces as fit beside each other only one by one.
fn table(title: &str, trained: &[Figure], at_start: &[Figure]) -> String {
    let of_table = |figures: &'_ [Figure]| -> Vec<Figure> {
        figures.iter().filter(|figure| figure.table == title).cloned().collect()
    };
    let (trained, at_start) = (of_table(trained), of_table(at_start));
    let (mut columns, mut rows): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for figure in &trained {
        for (known, name) in [(&mut columns, &figure.label), (&mut rows, &figure.on)] {
            if !known.contains(&name.as_str()) {
                known.push(name);
            }
        }
    }
    let accuracy = trained.first().is_some_and(|figure| figure.unit == Unit::Accuracy);
    let mut text = format!("{title}{}\n", if accuracy { ", %" } else { "" });
    let widest = trained.iter().map(|figure| shown(figure).width()).max().unwrap_or(0);
    let width = |column: &str| FIGURE.max(column.width() + 2).max(widest + 2);
    let mut left = &columns[..];
    while !left.is_empty() {
        let mut room = WIDTH - NAME;
        let fits = left.iter().take_while(|column| {
            room = room.saturating_sub(width(column));
            room > 0
        });
        let (now, later) = left.split_at(fits.count().max(1));
        left = later;
        text += &line("", now.iter().map(|column| (printable(column), width(column))));
        for on in &rows {
            for (name, figures) in [(*on, &trained), (AT_START, &at_start)] {
                let of_row: Vec<&Figure> = figures.iter().filter(|figure| figure.on == *on).collect();
                let cell = |column: &&str| {
                    let found = of_row.iter().find(|figure| figure.label == **column);
                    (found.map_or_else(|| "–".into(), |figure| shown(figure)), width(column))
                };
                if now.iter().any(|column| of_row.iter().any(|figure| figure.label == *column)) {
                    text += &line(name, now.iter().map(cell));
                }
            }
        }
    }
    text
}

/// A row's name and its cells, each flush right in its width.
fn line(name: &str, cells: impl Iterator<Item = (String, usize)>) -> String {
    let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
    let mut line = format!("{name}{}", pad(name, NAME));
    for (cell, width) in cells {
        line += &pad(&cell, width);
        line += &cell;
    }
    line.trim_end().to_owned() + "\n"
}

fn shown(figure: &Figure) -> String {
    match (figure.unit, figure.interval) {
        (Unit::Accuracy, None) => format!("{:.1}", figure.value * 100.0),
        (Unit::Accuracy, Some(half)) => format!("{:.1} ± {:.1}", figure.value * 100.0, half * 100.0),
        (Unit::Number, _) => format!("{:.3}", figure.value),
    }
}

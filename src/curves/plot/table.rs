//! The figures themselves: a row a step, as RFC 4180 has it.

use super::Chart;
use crate::curves::{Along, series::Stretch};
use std::{
    fmt::{Display, Write},
    iter::Peekable,
};

/// What one curve has left to give.
struct Column<I: Iterator<Item = Stretch>> {
    run: usize,
    name: String,
    rest: Peekable<I>,
    /// Its steps were merged: the smallest and the largest values stand beside the last ones.
    merged: bool,
}

/// `step,seconds,<tag>…`: raw values, every figure of the range; empty where there is none. Runs beside the
/// first have columns of their own, named `<run>:<tag>`. Where neighbouring steps were merged, a row is of the
/// last of them, and columns `<tag>:min` and `<tag>:max` are added.
pub fn csv(chart: &Chart) -> String {
    let mut columns = columns(chart);
    let mut out = format!("# {}\nstep", chart.command);
    let mut last_run = None;
    for column in &columns {
        let prefix = prefix(chart, column.run);
        if last_run.replace(column.run) != Some(column.run) {
            out += &format!(",{}", field(&format!("{prefix}seconds")));
        }
        let parts: &[&str] = if column.merged { &["", ":min", ":max"] } else { &[""] };
        parts
            .iter()
            .for_each(|part| out += &format!(",{}", field(&format!("{prefix}{}{part}", column.name))));
    }
    out.push('\n');
    while let Some(step) = columns.iter_mut().filter_map(|it| Some(it.rest.peek()?.step)).min() {
        row(&mut out, &mut columns, step);
    }
    out
}

fn prefix(chart: &Chart, run: usize) -> String {
    if run == 0 { String::new() } else { format!("{}:", chart.runs[run].name) }
}

/// The curves of all runs, each at the beginning of the range.
fn columns<'a>(chart: &'a Chart<'a>) -> Vec<Column<impl Iterator<Item = Stretch> + 'a>> {
    let time = chart.spec.along == Along::Time;
    let mut columns = Vec::new();
    for (run, it) in chart.runs.iter().enumerate() {
        for curve in &chart.curves {
            let Some(series) = it.series.get(&curve.tag) else { continue };
            let inside =
                move |it: &Stretch| chart.place(if time { it.time } else { it.step as f64 }).is_some();
            let rest = series.stretches().filter(inside);
            let merged = rest.clone().any(|it| it.min < it.max);
            columns.push(Column { run, name: curve.tag.to_string(), rest: rest.peekable(), merged });
        }
    }
    columns
}

/// What all curves have at a step.
fn row<I: Iterator<Item = Stretch>>(out: &mut String, columns: &mut [Column<I>], step: u64) {
    put(out, step);
    let mut last_run = None;
    for at in 0..columns.len() {
        let run = columns[at].run;
        if last_run.replace(run) != Some(run) {
            let mut own = columns[at..].iter_mut().take_while(|it| it.run == run);
            let time = own.find_map(|it| it.rest.peek().filter(|it| it.step == step).map(|it| it.time));
            out.push(',');
            time.into_iter().for_each(|time| put(out, time));
        }
        let column = &mut columns[at];
        let here = column.rest.next_if(|it| it.step == step);
        out.push(',');
        here.iter().for_each(|it| put(out, it.last));
        if column.merged {
            // Nothing finite was there: neither has it a smallest.
            let ends = here.filter(|it| it.min <= it.max).map(|it| [it.min, it.max]);
            for end in 0..2 {
                out.push(',');
                ends.iter().for_each(|ends| put(out, ends[end]));
            }
        }
    }
    out.push('\n');
}

fn put(out: &mut String, it: impl Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{it}");
}

/// A field, quoted if it has to be.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() }
}

#[cfg(test)]
mod tests {
    use crate::{
        curves::{
            Heads, SeriesStore,
            chart::{Format, Spec},
            plot::{Run, draw},
        },
        engine::message::{Span, StepRecord},
    };
    use std::path::Path;

    #[test]
    fn merged_steps_keep_their_smallest_their_largest_and_what_is_no_number() {
        let mut series = SeriesStore::default();
        for step in 1..=60_000 {
            let value = match step {
                10_000 => 99.0,
                20_000 => f32::INFINITY,
                _ => (step % 2) as f32,
            };
            let values = vec![("loss/all".into(), Span::of(value))];
            series.push(&StepRecord { step, time: step as f64, values });
        }
        let run = Run { path: Path::new("r"), name: "r", series: &series, marks: &[] };
        let bytes = draw(&Spec::default(), &Heads::default(), &[run], Format::Csv).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!((rows[0], rows.len()), ("step,seconds,loss/all,loss/all:min,loss/all:max", 30_002));
        assert_eq!([rows[1], rows[2]], ["1,1,1,1,1", "3,3,1,0,1"]);
        assert!(rows.contains(&"10001,10001,1,1,99"));
        assert!(rows.contains(&"20001,20001,NaN,1,1"), "nothing finite hides it");
    }
}

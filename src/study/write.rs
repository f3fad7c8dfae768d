//! A table as text, Markdown, CSV and JSON.

use super::{Entry, Table};
use serde_json::{Value, json};

impl Table {
    /// For a terminal: a row a variant, with the difference to the baseline behind each mean.
    pub fn text(&self) -> String {
        let mut rows = vec![vec![String::new()]];
        rows[0].extend(self.columns.iter().cloned());
        for (place, name) in self.variants.iter().enumerate() {
            rows.push(std::iter::once(name.clone()).chain(self.cells(place)).collect());
        }
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..=self.columns.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
                0 => format!("{cell:width$}"),
                _ => format!("{cell:>width$}"),
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        rows.iter().map(line).collect::<String>() + &self.legend()
    }

    /// A table of Markdown.
    pub fn markdown(&self) -> String {
        let row = |cells: Vec<String>| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut text = row(std::iter::once(String::new()).chain(self.columns.iter().cloned()).collect());
        text += &format!("|---|{}\n", "---:|".repeat(self.columns.len()));
        for (place, name) in self.variants.iter().enumerate() {
            text += &row(std::iter::once(name.clone()).chain(self.cells(place)).collect());
        }
        text + "\n" + &self.legend()
    }

    /// Every single value: variant, column, seed's place, per cent.
    pub fn csv(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut text = String::from("variant,figure,run,percent\n");
        for (name, row) in self.variants.iter().zip(&self.entries) {
            for (column, entry) in self.columns.iter().zip(row) {
                for (run, value) in entry.values.iter().enumerate() {
                    text += &format!("{},{},{run},{value:.4}\n", quoted(name), quoted(column));
                }
            }
        }
        text
    }

    /// Everything.
    pub fn json(&self) -> Value {
        let entry = |variant: usize, column: usize| {
            let entry = &self.entries[variant][column];
            json!({
                "figure": self.columns[column],
                "percent": entry.values,
                "mean": entry.mean(),
                "deviation": entry.deviation(),
                "delta": self.delta(variant, column),
            })
        };
        let rows: Vec<Value> = self
            .variants
            .iter()
            .enumerate()
            .map(|(variant, name)| {
                let figures: Vec<Value> =
                    (0..self.columns.len()).map(|column| entry(variant, column)).collect();
                json!({ "variant": name, "figures": figures })
            })
            .collect();
        json!({ "seeds": self.seeds, "baseline": self.variants[self.baseline], "variants": rows })
    }

    /// A variant's row: `61.1 ±0.4 (−17.8)`.
    fn cells(&self, variant: usize) -> Vec<String> {
        let cell = |(column, entry): (usize, &Entry)| {
            let Some(mean) = entry.mean() else { return "–".into() };
            let spread = entry.deviation().map(|it| format!(" ±{it:.1}")).unwrap_or_default();
            let sign = |delta: f64| if delta < 0.0 { '−' } else { '+' };
            let delta = self.delta(variant, column).map(|it| format!(" ({}{:.1})", sign(it), it.abs()));
            format!("{mean:.1}{spread}{}", delta.unwrap_or_default())
        };
        self.entries[variant].iter().enumerate().map(cell).collect()
    }

    fn legend(&self) -> String {
        let runs: Vec<usize> = self.entries.iter().flatten().map(|entry| entry.values.len()).collect();
        let (least, most) = (runs.iter().min().unwrap_or(&0), runs.iter().max().unwrap_or(&0));
        let runs = if least == most { format!("{most}") } else { format!("{least} to {most}") };
        let (baseline, seeds) = (&self.variants[self.baseline], if *most == 1 { "seed" } else { "seeds" });
        format!("Per cent: mean ± deviation over {runs} {seeds}; in brackets the difference to {baseline}.\n")
    }
}

#[cfg(test)]
mod tests {
    use crate::study::table::tests::table;

    #[test]
    fn a_table_in_every_form() {
        let table = table();
        insta::assert_snapshot!(table.text(), @r"
                        rotation  few-shot 5 shape
        MoCo           55.0 ±7.1         75.0 ±7.1
        LooC | both  62.5 (+7.5)       80.0 (+5.0)
        Per cent: mean ± deviation over 1 to 2 seeds; in brackets the difference to MoCo.
        ");
        assert!(table.markdown().contains("| LooC \\| both | 62.5 (+7.5) | 80.0 (+5.0) |"));
        assert_eq!(table.csv().lines().count(), 1 + 3 * 2);
        assert!(table.csv().contains("\"LooC | both\",\"rotation\",0,62.5000"));
        assert_eq!(table.json()["variants"][1]["figures"][0]["delta"], 7.5);
    }
}

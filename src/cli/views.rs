//! `looc-tui views`.

use super::{Code, Globals, Run, bar, say, sheet};
use crate::{
    augment::{PlanAddress, ViewName, plan},
    data,
    rng::Domain,
};
use clap::Args;
use color_eyre::{Report, eyre::WrapErr};
use std::{io::Write, path::PathBuf};

const HELP: &str = "\
Examples:
  looc-tui views --out views.png
  looc-tui views folder.yaml --index 7 --out views.png";

/// Draws the views of one training image into a PNG: the image, the query q, k0 (nothing shared), and
/// for each augmentation with a head the key that shares its parameters with q. The parameters are
/// printed too.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Views {
    /// A configuration (YAML); without one, the built-in data set
    config: Option<PathBuf>,
    /// The PNG to write
    #[arg(long, value_name = "FILE.png")]
    out: PathBuf,
    /// Which training image, from 0; taken modulo their number
    #[arg(long, value_name = "N", default_value_t = 0)]
    index: usize,
}

impl Run for Views {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let config = globals.config(self.config.as_deref())?;
        let splits = bar::while_loading(|progress| data::open(&config.data, progress))?;
        for note in &splits.notes {
            say(note);
        }
        let images = &splits.train;
        let index = self.index % images.len();
        let at =
            PlanAddress { seed: config.train.seed, domain: Domain::Views, epoch: 0, sample: index as u64 };
        let image = images.image(index)?;
        let plan = plan(&config.augment, at, images.side, images.side);
        let mut tiles = vec![sheet::Tile {
            title: "image".into(),
            picture: image.to_bytes(),
            lines: images.describe(index).into_iter().map(|text| (text, false)).collect(),
        }];
        for view in &plan.views {
            let lines = view.params.iter().map(|(name, params)| {
                (format!("{name} {}", params.describe()), view.name == ViewName::Sharing(name))
            });
            tiles.push(sheet::Tile {
                title: title(view.name),
                picture: view.apply(&image).to_bytes(),
                lines: lines.collect(),
            });
        }
        let mut out = std::io::stdout().lock();
        for tile in &tiles {
            writeln!(out, "{}", tile.title)?;
            for (line, shared) in &tile.lines {
                writeln!(out, "  {line}{}", if *shared { "  (as q)" } else { "" })?;
            }
        }
        let sheet = sheet::draw(images.side, &tiles, tiles.len());
        sheet.save(&self.out).wrap_err_with(|| format!("cannot write {}", self.out.display()))?;
        Ok(Code::Done)
    }
}

fn title(name: ViewName) -> String {
    match name {
        ViewName::Query => "q".into(),
        ViewName::General => "k0 (shares nothing)".into(),
        ViewName::Sharing(name) => format!("k (shares {name})"),
    }
}

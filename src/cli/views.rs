//! `looc-tui views`.

use super::{
    Code, Globals, Run, bar, say,
    sheet::{Sheet, Tile},
};
use crate::{
    augment::{PlanAddress, ViewName, plan},
    config::Config,
    data::{self, DataError, Donors, Images},
    rng::Domain,
};
use clap::Args;
use color_eyre::{Report, eyre::WrapErr};
use std::{io::Write, path::PathBuf};

const HELP: &str = "\
Examples:
  looc-tui views --out views.png
  looc-tui views folder.yaml --index 7 --images 4 --out views.svg";

/// Draws the views of training images into a PNG or an SVG, a row an image: the image, the query q, k0
/// (nothing shared), and for each augmentation with a head the key that shares its parameters with q. The
/// shared parameters are marked. They are printed too.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Views {
    /// A configuration (YAML); without one, the built-in data set
    config: Option<PathBuf>,
    /// The PNG or SVG to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Which training image, from 0; taken modulo their number
    #[arg(long, value_name = "N", default_value_t = 0)]
    index: usize,
    /// How many images, from that one on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    images: u16,
}

impl Run for Views {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let config = globals.config(self.config.as_deref())?;
        let splits = bar::while_loading(|progress| data::open(&config.data, progress))?;
        for note in &splits.notes {
            say(note);
        }
        let images = &splits.train;
        let rows: Vec<Vec<Tile>> = (0..usize::from(self.images))
            .map(|place| row(&config, images, (self.index % images.len() + place) % images.len()))
            .collect::<Result<_, DataError>>()?;
        let columns = rows.first().map_or(1, Vec::len);
        let tiles: Vec<Tile> = rows.into_iter().flatten().collect();
        let sheet = Sheet::new(images.side, &tiles, columns).save(&self.out);
        sheet.wrap_err_with(|| format!("cannot write {}", self.out.display()))?;
        // Last: whoever reads it may stop before its end.
        let mut out = std::io::stdout().lock();
        for tile in &tiles {
            writeln!(out, "{}", tile.title)?;
            for (line, shared) in &tile.lines {
                writeln!(out, "  {line}{}", if *shared { "  (as q)" } else { "" })?;
            }
        }
        Ok(Code::Done)
    }
}

/// The image of an index, then its views.
fn row(config: &Config, images: &Images, index: usize) -> Result<Vec<Tile>, DataError> {
    let at = PlanAddress { seed: config.train.seed, domain: Domain::Views, epoch: 0, sample: index as u64 };
    let image = images.image(index)?;
    let plan = plan(&config.augment, at, images.side, images.side);
    let mut donors = Donors::new(images, images);
    let mut tiles = vec![Tile {
        title: format!("image {index}"),
        picture: image.to_bytes(),
        lines: images.describe(index).into_iter().map(|text| (text, false)).collect(),
    }];
    for view in &plan.views {
        let lines = view.params.iter().map(|(name, params)| {
            (format!("{name} {}", params.describe()), view.name == ViewName::Sharing(name))
        });
        let picture = donors.lend(index, |others| view.apply(&image, others))?.to_bytes();
        tiles.push(Tile { title: title(view.name), picture, lines: lines.collect() });
    }
    Ok(tiles)
}

fn title(name: ViewName) -> String {
    match name {
        ViewName::Query => "q".into(),
        ViewName::General => "k0 (shares nothing)".into(),
        ViewName::Sharing(name) => format!("k (shares {name})"),
    }
}

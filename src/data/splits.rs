//! A data set in memory, and whether it can be trained on.

use super::place::shown;
use super::{DataError, DataSettings, Images};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Damaged files named in an error.
const NAMED: usize = 10;

/// Widths and heights in pixels, and how many images have them.
pub type Sizes = BTreeMap<(usize, usize), usize>;

/// A file that could not be read. Both texts are fit for a terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Damaged {
    pub file: String,
    pub why: String,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} ({})", self.file, self.why)
    }
}

/// A data set as the program uses it.
#[derive(Clone, Debug, Default)]
pub struct Splits {
    /// Images to train on.
    pub train: Arc<Images>,
    /// Labelled images for [`Self::bank`], where those to train on have no labels.
    pub labelled: Option<Arc<Images>>,
    /// Images kept aside for the metrics; never trained on.
    pub held_out: Arc<Images>,
    /// Sizes before the images were brought to the working size.
    pub sizes: Sizes,
    /// What was left out.
    pub damaged: Vec<Damaged>,
    /// What the reader of the log should know: damaged files and the like.
    pub notes: Vec<String>,
}

impl Splits {
    /// The images among which the nearest neighbours of a held-out one are looked for.
    pub fn bank(&self) -> &Images {
        self.labelled.as_deref().unwrap_or(&self.train)
    }

    /// Whether it can be trained on.
    ///
    /// # Errors
    /// More files are damaged than `settings` put up with, or fewer than two images are left to train on
    /// or to measure with.
    pub fn check(&self, settings: &DataSettings) -> Result<(), DataError> {
        let (damaged, allowed) = (self.damaged.len(), settings.damaged_share);
        let of = self.train.len() + self.held_out.len() + damaged;
        // A share of 0 allows none; rounding must not make one of it.
        if damaged as f64 > allowed * of as f64 {
            let folder = settings.path.as_deref().map(shown).unwrap_or_default();
            return Err(DataError::Damaged {
                folder,
                damaged,
                of,
                allowed,
                examples: examples(&self.damaged),
            });
        }
        // Two is what contrasting takes, and what the invariance metric's zero point takes.
        for (what, images, advice) in [
            ("images to train on", &self.train, "Add images, or lower data.held_out_share"),
            ("held-out images", &self.held_out, "Add images, or raise data.held_out_share"),
        ] {
            if images.len() < 2 {
                let (found, kind) = (images.len(), settings.kind.clone());
                return Err(DataError::TooFew { what, found, kind, advice });
            }
        }
        Ok(())
    }
}

/// The first of some files, with what is wrong with them.
pub(super) fn examples(damaged: &[Damaged]) -> String {
    let named: Vec<String> = damaged.iter().take(NAMED).map(Damaged::to_string).collect();
    match damaged.len().saturating_sub(NAMED) {
        0 => named.join("; "),
        more => format!("{}; and {more} more", named.join("; ")),
    }
}

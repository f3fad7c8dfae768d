//! What has to be trained: a variant with a seed; and what came of it.

use super::{Study, StudyError};
use crate::{config::Config, run::Manifest, text::printable_name};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One run of a study, below the study's folder.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Places in the study's lists.
    pub variant: usize,
    pub seed: usize,
    /// `moco-rotation-0`.
    pub name: String,
    pub config: Config,
    folder: PathBuf,
}

/// The figures of each cell that is done, in the order of [`Study::cells`].
pub type Evaluations = Vec<Option<Value>>;

impl Study {
    /// All cells: the seeds one by one, with each every variant, so that an early end leaves whole rows.
    ///
    /// # Errors
    /// If a variant cannot have the seed.
    pub fn cells(&self, folder: &Path) -> Result<Vec<Cell>, StudyError> {
        let mut cells = Vec::new();
        for (at, seed) in self.seeds.iter().enumerate() {
            for (place, variant) in self.variants.iter().enumerate() {
                let config = variant.config.edited("train.seed", &(*seed).into());
                let config = config.map_err(|source| StudyError::Variant {
                    file: printable_name(folder.as_os_str()),
                    variant: variant.name.clone(),
                    source: Box::new(source),
                })?;
                let name = format!("{}-{seed}", variant.slug);
                cells.push(Cell { variant: place, seed: at, name, config, folder: folder.into() });
            }
        }
        Ok(cells)
    }
}

impl Cell {
    /// The run's directory.
    pub fn run(&self) -> PathBuf {
        self.folder.join("runs").join(&self.name)
    }

    /// The configuration that the run starts with.
    pub fn config_file(&self) -> PathBuf {
        self.folder.join("configs").join(format!("{}.yaml", self.name))
    }

    /// What training and evaluating say.
    pub fn log(&self) -> PathBuf {
        self.folder.join("logs").join(format!("{}.log", self.name))
    }

    /// The document of `looc-tui eval`.
    pub fn evaluation(&self) -> PathBuf {
        self.folder.join("evaluations").join(format!("{}.json", self.name))
    }

    /// The evaluation, if it was done.
    ///
    /// # Errors
    /// It cannot be read, or is one of another configuration.
    pub fn done(&self) -> Result<Option<Value>, StudyError> {
        let path = self.evaluation();
        let file = printable_name(path.as_os_str());
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StudyError::Read { file, source }),
        };
        let document: Value = serde_json::from_str(&text)
            .map_err(|error| StudyError::Evaluation { file: file.clone(), why: error.to_string() })?;
        if document["config_at_start"] != self.config.hash() {
            return Err(StudyError::Other { place: file });
        }
        Ok(Some(document))
    }

    /// Whether its run was begun, with this configuration.
    ///
    /// # Errors
    /// It was begun with another one.
    pub fn begun(&self) -> Result<bool, StudyError> {
        let run = self.run();
        match Manifest::read(&run) {
            Ok(manifest) if manifest.config == self.config.hash() => Ok(true),
            Ok(_) => Err(StudyError::Other { place: printable_name(run.as_os_str()) }),
            Err(_) => Ok(false),
        }
    }
}

//! Arguments that every command takes.

use crate::{
    config::{Config, ConfigError},
    tui::theme::{ColorChoice, Depth},
};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum When {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Globals {
    /// Change one value of the configuration, such as `augment.color.head=false`; may be repeated
    #[arg(long = "set", global = true, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Seed of every random draw (train.seed)
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Threads that compute (train.threads); 0 is every core
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<usize>,
    /// Append what happens to this file, a line each
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
}

impl Globals {
    /// The configuration in a file, or the quickstart's, with the changes of the command line.
    pub fn config(&self, path: Option<&Path>) -> Result<Config, ConfigError> {
        Config::load(path, &self.overrides())
    }

    /// The changes of the command line, as in `--set`.
    pub fn overrides(&self) -> Vec<String> {
        let mut overrides = self.set.clone();
        overrides.extend(self.seed.map(|seed| format!("train.seed={seed}")));
        overrides.extend(self.threads.map(|threads| format!("train.threads={threads}")));
        overrides
    }

    /// Whether anything beside a file says what the configuration is.
    pub fn changes_the_configuration(&self) -> bool {
        !self.set.is_empty() || self.seed.is_some() || self.threads.is_some()
    }

    /// How many colours to use.
    pub fn depth(&self) -> Depth {
        let choice = match self.color {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        };
        Depth::detect(choice, |name| std::env::var(name).ok())
    }

    /// Whether to use any.
    pub fn colors(&self) -> bool {
        self.depth() != Depth::Mono
    }
}

//! `looc-tui config`.

use super::{Code, Globals, Run};
use clap::Args;
use color_eyre::Report;
use std::{io::Write, path::PathBuf};

const HELP: &str = "\
Examples:
  looc-tui config > mine.yaml
  looc-tui config mine.yaml --set contrast.temperature=0.1";

/// Prints the full effective configuration: the file's values, the changes of --set, and every
/// default. What it prints can be used as a configuration.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Config {
    /// A configuration (YAML); without one, the quickstart's
    config: Option<PathBuf>,
}

impl Run for Config {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let config = globals.config(self.config.as_deref())?;
        std::io::stdout().write_all(config.annotated().as_bytes())?;
        Ok(Code::Done)
    }
}

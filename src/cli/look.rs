//! How the screen looks: the options of the command line, and behind them the reader's settings.

use super::Globals;
use crate::tui::{
    self, Options,
    glyphs::Glyphs,
    pictures::Images,
    settings::{Settings, SettingsError},
    theme::Ground,
};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, sync::Arc};

/// Options of the screen.
#[derive(Args, Clone, Debug, Default)]
pub struct Look {
    /// How images are shown: kitty, iterm2, sixel, half, ascii, off; without it, as the terminal can
    #[arg(long, value_name = "HOW")]
    images: Option<Images>,
    /// Which characters the screen is made of; auto: Unicode, unless TERM or the locale says that there is none
    #[arg(long, value_name = "WHICH", default_value = "auto")]
    glyphs: Characters,
    /// What the terminal draws on; auto: as it says itself
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    ground: Background,
    /// Colours, characters and keys of your own; without it, looc-tui/settings.yaml in ~/.config
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// What the terminal draws on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Background {
    #[default]
    Auto,
    Dark,
    Light,
}

/// Which characters to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Characters {
    #[default]
    Auto,
    Unicode,
    Ascii,
}

impl Look {
    /// Whether any of it was given.
    pub fn is_given(&self) -> bool {
        self.images.is_some()
            || self.glyphs != Characters::Auto
            || self.ground != Background::Auto
            || self.settings.is_some()
    }

    /// What the screen is to be like.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub fn options(&self, globals: &Globals) -> Result<Options, SettingsError> {
        let settings = Settings::load(self.settings.as_deref())?;
        let detected = || Glyphs::detect(|name| std::env::var(name).ok());
        Ok(Options {
            images: self.images.or(settings.images),
            depth: globals.depth(),
            glyphs: match self.glyphs {
                Characters::Auto => settings.glyphs.unwrap_or_else(detected),
                Characters::Unicode => Glyphs::Unicode,
                Characters::Ascii => Glyphs::Ascii,
            },
            ground: match self.ground {
                Background::Auto => settings.ground,
                Background::Dark => Some(Ground::Dark),
                Background::Light => Some(Ground::Light),
            },
            colours: settings.colours,
            mouse: settings.mouse.unwrap_or(true),
            demo: false,
            remote: false,
            tour: tui::tour::is_new(),
            keymap: Arc::new(settings.keymap),
        })
    }
}

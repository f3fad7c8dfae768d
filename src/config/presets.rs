//! Configurations that come with the program.

use super::{Config, ConfigError};

/// Their names and texts; `quickstart` is what a run without a file has.
const TEXTS: &[(&str, &str)] = &[
    ("quickstart", super::QUICKSTART),
    ("moco", include_str!("../../configs/moco.yaml")),
    ("mocov2-views", include_str!("../../configs/mocov2-views.yaml")),
    ("loocpp", include_str!("../../configs/loocpp.yaml")),
    ("simclr", include_str!("../../configs/simclr.yaml")),
    ("simclr-views", include_str!("../../configs/simclr-views.yaml")),
    ("supervised", include_str!("../../configs/supervised.yaml")),
    ("texture", include_str!("../../configs/texture.yaml")),
    ("texture-fourier", include_str!("../../configs/texture-fourier.yaml")),
    ("cifar10", include_str!("../../configs/cifar10.yaml")),
    ("fashion-mnist", include_str!("../../configs/fashion-mnist.yaml")),
    ("stl10", include_str!("../../configs/stl10.yaml")),
    ("folder", include_str!("../../configs/folder.yaml")),
];

/// A configuration with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    pub name: String,
    pub config: Config,
}

impl Preset {
    /// All that come with the program.
    ///
    /// # Errors
    /// None, as long as the tests pass: they read every text.
    pub fn built_in() -> Result<Vec<Self>, ConfigError> {
        let read = |(name, text): &(&str, &str)| {
            Ok(Self { name: (*name).to_owned(), config: Config::parse(text, name, &[])? })
        };
        TEXTS.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every file of `configs/` is among them.
    #[test]
    fn every_preset_can_be_read() {
        let presets = Preset::built_in().unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/configs");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let names: Vec<_> = files
            .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names.len(), presets.len());
        assert!(presets.iter().all(|preset| names.contains(&preset.name)));
        assert_eq!(presets[0].config, Config::quickstart());
    }
}

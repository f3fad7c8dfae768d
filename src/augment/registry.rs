//! The list of augmentations. A new one is a line at the end of this file.

use super::{Augmentation, Image, Invalid, Knob, Others};
use crate::rng::Stream;

/// What the program knows of an augmentation without an instance of it.
pub struct Kind {
    /// The name in the configuration.
    pub name: &'static str,
    /// One line for a newcomer.
    pub help: &'static str,
    /// The editable numbers.
    pub knobs: &'static [Knob],
    /// The kinds that must come earlier in the list, each with the reason.
    pub after: &'static [(&'static str, &'static str)],
    /// Whether two independent draws are often equal.
    pub discrete: bool,
    /// Its settings from a document, or with every default for an empty one.
    pub read: fn(serde_json::Value) -> Result<Settings, serde_path_to_error::Error<serde_json::Error>>,
    /// Drawn parameters from a document, for the fixtures.
    #[cfg(test)]
    pub read_params: fn(serde_json::Value) -> Result<Params, serde_json::Error>,
}

macro_rules! augmentations {
    ($($module:ident::$name:ident),+ $(,)?) => {
        /// The settings of an augmentation, one variant an augmentation.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Settings { $($name(super::$module::$name)),+ }

        /// The parameters drawn for one view, one variant an augmentation.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Params { $($name(<super::$module::$name as Augmentation>::Params)),+ }

        /// Every augmentation that the program has.
        pub const KINDS: &[Kind] = &[$(Kind {
            name: <super::$module::$name as Augmentation>::KIND,
            help: <super::$module::$name as Augmentation>::HELP,
            knobs: <super::$module::$name as Augmentation>::KNOBS,
            after: <super::$module::$name as Augmentation>::AFTER,
            discrete: <super::$module::$name as Augmentation>::DISCRETE,
            read: |document| serde_path_to_error::deserialize(document).map(Settings::$name),
            #[cfg(test)]
            read_params: |document| serde_json::from_value(document).map(Params::$name),
        }),+];

        impl Settings {
            /// The augmentation's name, help and knobs.
            pub fn kind(&self) -> &'static Kind {
                let name = match self { $(Self::$name(_) => <super::$module::$name as Augmentation>::KIND),+ };
                KINDS.iter().find(|kind| kind.name == name).unwrap_or(&KINDS[0])
            }
            /// Draws the parameters of one view of a `width` × `height` image.
            pub fn sample(&self, stream: &mut Stream, width: usize, height: usize) -> Params {
                match self { $(Self::$name(it) => Params::$name(it.sample(stream, width, height))),+ }
            }
            /// The settings in a few characters.
            pub fn summary(&self) -> String {
                match self { $(Self::$name(it) => it.summary()),+ }
            }
            /// What the knobs' ranges cannot say.
            pub fn check(&self) -> Result<(), Invalid> {
                match self { $(Self::$name(it) => it.check()),+ }
            }
            /// Whether it puts the image's stylised twin in its place.
            pub fn takes_twins(&self) -> bool {
                match self { $(Self::$name(it) => it.takes_twins()),+ }
            }
            /// The settings as a document, without `kind`.
            pub fn document(&self) -> Result<serde_json::Value, serde_json::Error> {
                match self { $(Self::$name(it) => serde_json::to_value(it)),+ }
            }
        }

        impl Params {
            /// Changes the image as the parameters say; `others` are those that it may take something from.
            pub fn apply(&self, image: &mut Image, others: &dyn Others) {
                match self {
                    $(Self::$name(it) => {
                        <super::$module::$name as Augmentation>::apply_among(it, image, others);
                    })+
                }
            }
            /// The parameters in words.
            pub fn describe(&self) -> String {
                match self { $(Self::$name(it) => <super::$module::$name as Augmentation>::describe(it)),+ }
            }
        }
    };
}

augmentations! {
    crop::Crop,
    flip::Flip,
    color::Color,
    blur::Blur,
    rotation::Rotation,
    texture::Texture,
    perspective::Perspective,
    sharpness::Sharpness,
    posterize::Posterize,
    solarize::Solarize,
    noise::Noise,
    jpeg::Jpeg,
    erase::Erase,
    elastic::Elastic,
}

//! The style bank of an image folder: each image's stylised twin, found by its path.

use super::{decode, reading::Counter, scan::Found};
use crate::data::place::{self, shown};
use crate::data::registry::Progress;
use crate::data::splits::examples;
use crate::data::{Damaged, DataError, DataSettings, Images, room};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Extensions that a twin may have instead of the image's.
const EXTENSIONS: [&str; 7] = ["png", "jpg", "jpeg", "webp", "PNG", "JPG", "JPEG"];

/// The twins of the images in `root`, where the settings name a style bank.
pub struct Bank<'a> {
    root: &'a Path,
    bank: PathBuf,
    side: usize,
    /// Images that are damaged themselves, which have no twin to look for.
    damaged: HashSet<&'a str>,
    /// Twins that are missing or damaged, by their images' names.
    missing: Vec<Damaged>,
    done: usize,
    of: usize,
}

impl<'a> Bank<'a> {
    /// `None` where no style bank is set.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn open(
        settings: &DataSettings,
        root: &'a Path,
        damaged: &'a [Damaged],
        of: usize,
    ) -> Result<Option<Self>, DataError> {
        let Some(bank) = place::style_bank(settings)? else { return Ok(None) };
        let damaged: HashSet<&str> = damaged.iter().map(|damaged| damaged.file.as_str()).collect();
        let of = of - damaged.len();
        Ok(Some(Self { root, bank, side: settings.size, damaged, missing: Vec::new(), done: 0, of }))
    }

    /// Reads the twins of images that were read from these files. An image whose twin is missing stands in
    /// for it.
    ///
    /// # Errors
    /// The twins do not fit into the memory, or reading is broken off.
    pub fn lend(
        &mut self,
        images: &mut Images,
        files: &[Found],
        progress: &mut Progress,
    ) -> Result<(), DataError> {
        let below = |found: &'_ Found| found.path.strip_prefix(self.root).unwrap_or(&found.path).to_owned();
        let names: Vec<PathBuf> =
            files.iter().map(below).filter(|name| !self.damaged.contains(shown(name).as_str())).collect();
        debug_assert_eq!(names.len(), images.len());
        let (mut pixels, mut scratch) = (room(names.len(), self.side)?, Vec::new());
        let (mut missing, mut index) = (Vec::new(), 0);
        let what = "decoding stylised twins";
        let mut counter = Counter { what, done: self.done, of: self.of, progress };
        counter.each(
            &names,
            |name| self.twin(name),
            |twin| {
                match twin {
                    Ok(mut twin) => pixels.append(&mut twin),
                    Err(why) => {
                        pixels.extend_from_slice(images.bytes(index, &mut scratch)?);
                        missing.push(Damaged { file: shown(&names[index]), why });
                    }
                }
                index += 1;
                Ok::<(), DataError>(())
            },
        )?;
        self.done = counter.done;
        self.missing.append(&mut missing);
        images.twins = Some(Arc::new(Images { side: self.side, pixels: pixels.into(), ..Images::default() }));
        Ok(())
    }

    /// The pixels of an image's twin, or why there are none.
    fn twin(&self, name: &Path) -> Result<Vec<u8>, String> {
        let same = self.bank.join(name);
        let others = EXTENSIONS.iter().map(|extension| same.with_extension(extension));
        // A pipe or a device must not be opened, whatever its name.
        let found = std::iter::once(same.clone()).chain(others).find(|path| path.is_file());
        let found = found.ok_or("there is none")?;
        decode::file(&found, self.side).map(|twin| twin.pixels)
    }

    /// What the reader of the log should know.
    ///
    /// # Errors
    /// More twins are missing than `data.damaged_share` of the images.
    pub fn notes(self, settings: &DataSettings) -> Result<Vec<String>, DataError> {
        let (missing, of, allowed) = (self.missing.len(), self.of, settings.damaged_share);
        if missing as f64 > allowed * of as f64 {
            let (bank, examples) = (shown(&self.bank), examples(&self.missing));
            return Err(DataError::NoTwins { bank, missing, of, allowed, examples });
        }
        if missing == 0 {
            return Ok(Vec::new());
        }
        let head = format!("{missing} of {of} images have no twin in the style bank, and stand in for it:");
        let each = self.missing.iter().map(|missing| format!("no twin: {missing}"));
        Ok(std::iter::once(head).chain(each).collect())
    }
}

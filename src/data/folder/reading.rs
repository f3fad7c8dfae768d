//! The work on many files: in parallel, in order, with progress, and with little in memory at a time.

use super::decode;
use super::scan::Found;
use crate::data::registry::{Progress, tell};
use crate::data::{DataError, Pixels, room};
use rayon::prelude::*;

/// Files worked on between two reports of progress.
const CHUNK: usize = 64;

/// What became of a file: the size of its image before it was brought to the working size, or why there is
/// none.
pub type Outcome = Result<(usize, usize), String>;

/// One part of the set: what became of each file, and the pixels of those that are whole.
pub struct Part {
    pub outcomes: Vec<Outcome>,
    pub pixels: Pixels,
}

/// How far the work is.
pub struct Counter<'a, 'b> {
    pub what: &'static str,
    pub done: usize,
    pub of: usize,
    pub progress: &'a mut Progress<'b>,
}

impl Counter<'_, '_> {
    /// Does `work` for each item, several at a time, and hands what came of them to `take`, in order.
    pub fn each<I: Sync, T: Send, E: From<DataError>>(
        &mut self,
        items: &[I],
        work: impl Fn(&I) -> T + Sync,
        mut take: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        for chunk in items.chunks(CHUNK) {
            let made: Vec<T> = chunk.par_iter().map(&work).collect();
            made.into_iter().try_for_each(&mut take)?;
            self.done += chunk.len();
            tell(self.progress, self.what, self.done, self.of)?;
        }
        Ok(())
    }
}

/// Decodes the files of the two parts into memory. Damaged ones are left out.
pub fn into_memory(
    [train, held_out]: [&[Found]; 2],
    side: usize,
    progress: &mut Progress,
) -> Result<[Part; 2], DataError> {
    let of = train.len() + held_out.len();
    let mut counter = Counter { what: "decoding images", done: 0, of, progress };
    Ok([decoded(train, side, &mut counter)?, decoded(held_out, side, &mut counter)?])
}

fn decoded(files: &[Found], side: usize, counter: &mut Counter) -> Result<Part, DataError> {
    let mut pixels = room(files.len(), side)?;
    let mut outcomes = Vec::with_capacity(files.len());
    counter.each(
        files,
        |found| decode::file(&found.path, side),
        |decoded| {
            outcomes.push(decoded.map(|mut image| {
                pixels.append(&mut image.pixels);
                image.size
            }));
            Ok::<(), DataError>(())
        },
    )?;
    Ok(Part { outcomes, pixels: pixels.into() })
}

//! Memory for vectors: it begins at a cache line, and is allocated once.

use super::lanes::LANES;
use std::{
    cell::RefCell,
    ops::{Deref, DerefMut},
};

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

/// Values from the beginning of a cache line on.
#[derive(Default)]
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// Zeros.
    pub fn zeros(len: usize) -> Self {
        Self { lines: vec![Line([0.0; LANES]); len.div_ceil(LANES)], len }
    }

    /// At least so long from now on; what it held is kept.
    pub fn grow(&mut self, len: usize) {
        if len > self.len {
            self.lines.resize(len.div_ceil(LANES), Line([0.0; LANES]));
            self.len = len;
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: `lines` holds at least `len` f32 in a row: `Line` is sixteen of them without padding.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

thread_local! {
    static SCRATCH: RefCell<Buffer> = RefCell::default();
}

/// Calls `work` with memory of this thread, cut into pieces of at least these sizes. What is in them is
/// left from earlier work. `work` must not wait for other work of the pool.
pub(super) fn with_scratch<const N: usize, T>(
    sizes: [usize; N],
    work: impl FnOnce([&mut [f32]; N]) -> T,
) -> T {
    SCRATCH.with_borrow_mut(|buffer| {
        let sizes = sizes.map(|size| size.next_multiple_of(LANES));
        buffer.grow(sizes.iter().sum());
        let mut rest = &mut buffer[..];
        let pieces = sizes.map(|size| {
            let (piece, after) = std::mem::take(&mut rest).split_at_mut(size);
            rest = after;
            piece
        });
        work(pieces)
    })
}

//! The processor's vectors, and memory that a thread keeps: what makes the passes over pixels fast.

use pulp::Arch;
use std::cell::RefCell;

/// Runs a pass over pixels, compiled for several instruction sets, in the best that this processor has.
///
/// The pass is written `#[inline(always)] || …`, and all that it calls is `#[inline(always)]` too: only so
/// is it compiled for each set. The bits do not depend on the set, as the compiler neither fuses a
/// multiplication with an addition nor changes the order of a sum.
#[inline(always)]
pub fn vectorised<R>(pass: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(pass)
}

thread_local! {
    static SPARE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Lends `length` values to some work, with whatever earlier work has left in them.
///
/// The thread keeps the memory, so that the views after the first ones take none from the system.
pub fn with_scratch<R>(length: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut buffer = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    let result = work(&mut buffer[..length]);
    SPARE.with_borrow_mut(|spare| spare.push(buffer));
    result
}

//! A bounded box between the training thread and a viewer. Putting something in never waits for the
//! viewer; a viewer that does not read costs memory up to the bound and no more.

use super::sync::{Mutex, MutexGuard};
use std::sync::PoisonError;

/// What happens to the oldest items of a full box.
pub trait Coalesce: Sized {
    /// Two neighbours as one.
    fn merge(self, later: Self) -> Self;
}

/// A bounded, ordered box.
pub struct Mailbox<T> {
    items: Mutex<Vec<T>>,
    bound: usize,
}

impl<T: Coalesce> Mailbox<T> {
    /// A box of at most `bound` items.
    pub fn new(bound: usize) -> Self {
        Self { items: Mutex::new(Vec::new()), bound: bound.max(2) }
    }

    /// Puts one item in. A full box first merges its neighbours two by two.
    pub fn put(&self, item: T) {
        let mut items = self.lock();
        if items.len() >= self.bound {
            let mut older = std::mem::take(&mut *items).into_iter();
            while let Some(first) = older.next() {
                match older.next() {
                    Some(second) => items.push(first.merge(second)),
                    None => items.push(first),
                }
            }
        }
        items.push(item);
    }

    /// Takes everything out, oldest first.
    pub fn drain(&self) -> Vec<T> {
        std::mem::take(&mut *self.lock())
    }

    /// A panic elsewhere leaves a whole vector behind, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

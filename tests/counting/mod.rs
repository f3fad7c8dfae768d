//! The system's allocator for a test, and how often it is asked, for how many bytes, by which thread.
#![allow(dead_code, reason = "each test looks at one of the counts")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);
thread_local! {
    static OWN_CALLS: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    CALLS.fetch_add(1, Relaxed);
    BYTES.fetch_add(bytes, Relaxed);
    OWN_CALLS.set(OWN_CALLS.get() + 1);
}

// SAFETY: every call goes on to the system's allocator as it came; counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: what the caller vouches for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: what the caller vouches for.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: what the caller vouches for.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: what the caller vouches for.
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls and bytes of the whole process while `work` runs: nothing else may run beside it.
pub fn of_process<T>(work: impl FnOnce() -> T) -> (T, [usize; 2]) {
    let before = [CALLS.load(Relaxed), BYTES.load(Relaxed)];
    let result = work();
    (result, [CALLS.load(Relaxed) - before[0], BYTES.load(Relaxed) - before[1]])
}

/// Calls of this thread while `work` runs.
pub fn of_this_thread(work: impl FnOnce()) -> usize {
    let before = OWN_CALLS.get();
    work();
    OWN_CALLS.get() - before
}

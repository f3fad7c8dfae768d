//! A box of an image, enlarged to the image's size: torchvision's bilinear `resize`.
//!
//! A box is never larger than the image it fills, so the filter with antialiasing is the plain one: a
//! pixel of the result is a mean of two neighbours in each direction, and at the border of one.

use super::Region;
use crate::augment::{Image, vectorised, with_scratch};
use std::cell::RefCell;

/// Where a place of the result lies between two of the box, along one direction.
#[derive(Clone, Copy)]
struct Between {
    /// The two places of the box.
    places: [usize; 2],
    /// The weight of the second one, in `[0, 1]`.
    weight: f32,
}

impl Between {
    /// Of place `at` when `length` places become `onto`: centres of pixels lie on centres.
    fn new(at: usize, length: usize, onto: usize) -> Self {
        let last = length - 1;
        let centre = (at as f64 + 0.5) * length as f64 / onto as f64 - 0.5;
        let centre = centre.clamp(0.0, last as f64);
        let first = centre as usize;
        Self { places: [first, (first + 1).min(last)], weight: (centre - first as f64) as f32 }
    }

    #[inline(always)]
    fn mean(self, first: f32, second: f32) -> f32 {
        first + self.weight * (second - first)
    }
}

thread_local! {
    /// The columns, which are the same for all rows.
    static COLUMNS: RefCell<Vec<Between>> = const { RefCell::new(Vec::new()) };
}

/// Fills the image with what is in the region, which lies within it and is not empty.
pub fn fill(region: &Region, image: &mut Image) {
    COLUMNS.with_borrow_mut(|columns| {
        columns.clear();
        columns.extend((0..image.width).map(|x| Between::new(x, region.width, image.width)));
        // As much for every region, so that the memory never has to grow.
        with_scratch(image.pixels.len(), |wide| {
            vectorised(
                #[inline(always)]
                || {
                    widen(region, image, columns, wide);
                    heighten(region, wide, image);
                },
            );
        });
    });
}

/// The region's rows, from its width to the image's.
#[inline(always)]
fn widen(region: &Region, image: &Image, columns: &[Between], wide: &mut [f32]) {
    let line = image.width * 3;
    let rows = image.pixels.chunks_exact(line).skip(region.top);
    for (row, wide) in rows.zip(wide.chunks_exact_mut(line)).take(region.height) {
        let row = row[region.left * 3..(region.left + region.width) * 3].as_chunks::<3>().0;
        for (rgb, column) in wide.as_chunks_mut::<3>().0.iter_mut().zip(columns) {
            let [left, right] = column.places.map(|place| row[place]);
            for ((to, left), right) in rgb.iter_mut().zip(left).zip(right) {
                *to = column.mean(left, right);
            }
        }
    }
}

/// The columns, from the region's height to the image's.
#[inline(always)]
fn heighten(region: &Region, wide: &[f32], image: &mut Image) {
    let line = image.width * 3;
    for (y, row) in image.pixels.chunks_exact_mut(line).enumerate() {
        let between = Between::new(y, region.height, image.height);
        let [above, below] = between.places.map(|place| &wide[place * line..(place + 1) * line]);
        for ((to, &above), &below) in row.iter_mut().zip(above).zip(below) {
            *to = between.mean(above, below);
        }
    }
}

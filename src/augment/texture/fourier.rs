//! Another image's amplitudes under the image's own phases.

use super::luma::{self, Moments};
use crate::augment::{Image, Others, with_scratch};
use rustfft::{Fft, FftPlanner, num_complex::Complex32};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::sync::Arc;

/// An amplitude below this much of √(width · height) is rounding: it has no phase. What a byte's steps add
/// to an image is a hundred times as much.
const NOTHING: f32 = 1e-5;

/// AmpMix (Xu et al., 2021, "A Fourier-based framework for domain generalization", eq. 6) on the luma alone:
/// the amplitudes of its two-dimensional spectrum become `mix · own + (1 − mix) · donor's`, and the phases,
/// which carry edges and shapes, stay. Exchanging amplitudes goes back to FDA (Yang & Soatto, 2020), which
/// does so for the lowest frequencies alone, where a texture is not.
///
/// Two things differ from the papers, so that a head of colour is not disturbed by a change of texture: the
/// channels share the luma's change, and each has in the end the mean and the deviation that it had before;
/// where values leave `[0, 1]` and are clamped, the mean alone. The spectrum's mean stays too.
///
/// No frequency is left out: doing so up to a radius of 4 changes the correlation of edges by less than
/// 0.05 either way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixing {
    /// Which of the images that are trained on gives its amplitudes: `donor / 2³²` of the way through them.
    /// It is taken whole, as it is in the data set.
    pub donor: u32,
    /// Share of the image's own amplitudes, in `[0, 1]`.
    pub mix: f32,
}

impl Mixing {
    /// Changes the image, without clamping. The channels' moments before, unless nothing has changed.
    pub(super) fn apply(&self, image: &mut Image, others: &dyn Others) -> Option<[Moments; 3]> {
        let count = image.width * image.height;
        let number = ((u64::from(self.donor) * others.count() as u64) >> 32) as usize;
        with_scratch(5 * count, |scratch| {
            let (donor, scratch) = scratch.split_at_mut(3 * count);
            let (own, of_donor) = scratch.split_at_mut(count);
            if others.count() == 0 || !others.donor(number, donor) {
                return None;
            }
            luma::of(&image.pixels, own);
            luma::of(donor, of_donor);
            let (before, donors) = (Moments::of(own), Moments::of(of_donor));
            if before.is_flat() {
                return None;
            }
            // Without their means, the values are small, and so is what rounding does to them.
            own.iter_mut().for_each(|value| *value -= before.mean as f32);
            of_donor.iter_mut().for_each(|value| *value -= donors.mean as f32);
            SPECTRUM.with_borrow_mut(|spectrum| {
                spectrum.of_size(image.width, image.height);
                spectrum.mix(own, of_donor, self.mix);
            });
            Some(luma::add(&mut image.pixels, of_donor))
        })
    }
}

thread_local! {
    /// Plans and memory of the thread, for images of the last size.
    static SPECTRUM: RefCell<Spectrum> = RefCell::new(Spectrum::default());
}

/// The discrete Fourier transform of two planes at once.
#[derive(Default)]
struct Spectrum {
    width: usize,
    height: usize,
    plans: Option<Plans>,
    /// Row by row.
    rows: Vec<Complex32>,
    /// Column by column.
    columns: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

/// Transforms of a row and of a column, each forward and back.
struct Plans {
    row: [Arc<dyn Fft<f32>>; 2],
    column: [Arc<dyn Fft<f32>>; 2],
}

impl Spectrum {
    fn of_size(&mut self, width: usize, height: usize) {
        if self.plans.is_some() && (self.width, self.height) == (width, height) {
            return;
        }
        let mut planner = FftPlanner::new();
        let mut both = |length| [planner.plan_fft_forward(length), planner.plan_fft_inverse(length)];
        let plans = Plans { row: both(width), column: both(height) };
        let scratch = plans.row.iter().chain(&plans.column).map(|plan| plan.get_inplace_scratch_len()).max();
        self.scratch.resize(scratch.unwrap_or_default(), Complex32::ZERO);
        self.rows.resize(width * height, Complex32::ZERO);
        self.columns.resize(width * height, Complex32::ZERO);
        (self.width, self.height, self.plans) = (width, height, Some(plans));
    }

    /// Writes what the mixed amplitudes add to `own` in place of `donor`. Both have mean 0.
    fn mix(&mut self, own: &[f32], donor: &mut [f32], share: f32) {
        let Self { width, height, plans: Some(plans), rows, columns, scratch } = self else { return };
        // Two real planes are one complex one, whose transform falls into theirs by its symmetry.
        for ((value, own), donor) in rows.iter_mut().zip(own).zip(&*donor) {
            *value = Complex32::new(*own, *donor);
        }
        plans.row[0].process_with_scratch(rows, scratch);
        transpose(rows, columns, *width);
        plans.column[0].process_with_scratch(columns, scratch);
        mix_amplitudes(columns, *width, *height, share);
        plans.column[1].process_with_scratch(columns, scratch);
        transpose(columns, rows, *height);
        plans.row[1].process_with_scratch(rows, scratch);
        let scale = 1.0 / (*width * *height) as f32;
        for (value, donor) in rows.iter().zip(donor) {
            *donor = value.re * scale;
        }
    }
}

/// Replaces the transform of own + i · donor, column by column, by that of what is added to own.
fn mix_amplitudes(columns: &mut [Complex32], width: usize, height: usize, share: f32) {
    let nothing = NOTHING * ((width * height) as f32).sqrt();
    for x in 0..=width / 2 {
        let mirrored = (width - x) % width * height;
        for y in 0..height {
            let (here, there) = (x * height + y, mirrored + (height - y) % height);
            if there < here {
                continue; // A column that is its own mirror image: done already.
            }
            let (one, other) = (columns[here], columns[there].conj());
            let (own, donor) = ((one + other) * 0.5, (one - other) * 0.5);
            let (amplitude, donors) = (own.norm_sqr().sqrt(), donor.norm_sqr().sqrt());
            // The mixed amplitude is share · own + (1 − share) · donor's; less the own, over the own.
            let gain = if amplitude > nothing { (1.0 - share) * (donors / amplitude - 1.0) } else { 0.0 };
            let added = own * if here == 0 { 0.0 } else { gain };
            (columns[here], columns[there]) = (added, added.conj());
        }
    }
}

/// Rows of `across` values become columns.
fn transpose(from: &[Complex32], to: &mut [Complex32], across: usize) {
    let down = from.len() / across;
    for (x, column) in to.chunks_exact_mut(down).enumerate() {
        for (value, row) in column.iter_mut().zip(from.chunks_exact(across)) {
            *value = row[x];
        }
    }
}

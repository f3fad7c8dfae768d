//! Limited-memory BFGS for smooth convex functions (Nocedal & Wright, 2006, algorithm 7.4).
//!
//! It stops where the largest part of the gradient is small enough. Steps are judged by their slope first:
//! a convex function has fallen wherever its slope is still downhill, which rounding in the function's own
//! value cannot hide.

use candle_core::{Result, bail};
use std::collections::VecDeque;

/// Steps that the curvature is remembered of.
const MEMORY: usize = 10;
/// The slope must have lost a tenth at least, c₂ = 0.9, and the fall must be 10⁻⁴ of what the slope promised.
const FLATTER: f64 = 0.9;
const FALL: f64 = 1e-4;
/// Lengths that are tried along one direction.
const TRIED: usize = 30;

/// Where it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    pub at: Vec<f64>,
    /// Steps taken.
    pub steps: usize,
    /// The largest absolute part of the gradient there.
    pub gradient: f64,
}

/// One point of the function.
struct Point {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

/// Goes downhill from `start` until no part of the gradient is larger than `tolerance`, for `limit` steps at
/// most. `function` gives the value and writes the gradient.
///
/// # Errors
/// The function's own, and if its value or its slope is not finite.
pub fn minimise(
    start: Vec<f64>,
    tolerance: f64,
    limit: usize,
    mut function: impl FnMut(&[f64], &mut [f64]) -> Result<f64>,
) -> Result<Minimum> {
    let mut evaluate = |at: Vec<f64>| -> Result<Point> {
        let mut gradient = vec![0.0; at.len()];
        let value = function(&at, &mut gradient)?;
        if !value.is_finite() || gradient.iter().any(|part| !part.is_finite()) {
            bail!("the function to be minimised is not finite: are the features finite?");
        }
        Ok(Point { at, value, gradient })
    };
    let mut here = evaluate(start)?;
    let mut memory = Memory::default();
    let mut steps = 0;
    while largest(&here.gradient) > tolerance && steps < limit {
        let direction = memory.direction(&here.gradient);
        // Without a memory the direction has the gradient's length, which says nothing about the way to go.
        let first = if memory.0.is_empty() { 1.0 / dot(&direction, &direction).sqrt().max(1.0) } else { 1.0 };
        let Some(next) = search(&here, &direction, first, &mut evaluate)? else { break };
        memory.learn(&here, &next);
        here = next;
        steps += 1;
    }
    let gradient = largest(&here.gradient);
    Ok(Minimum { at: here.at, steps, gradient })
}

/// The next point along a direction: flatter, and lower. None if rounding lets nothing be found.
fn search(
    here: &Point,
    direction: &[f64],
    first: f64,
    evaluate: &mut impl FnMut(Vec<f64>) -> Result<Point>,
) -> Result<Option<Point>> {
    let slope = dot(&here.gradient, direction);
    let (mut short, mut long) = ((0.0, slope), None::<(f64, f64)>);
    let mut length = first;
    for _ in 0..TRIED {
        let at = here.at.iter().zip(direction).map(|(at, way)| at + length * way).collect();
        let next = evaluate(at)?;
        let there = dot(&next.gradient, direction);
        let fallen = there <= 0.0 || next.value <= here.value + FALL * length * slope;
        if fallen && there.abs() <= FLATTER * slope.abs() {
            return Ok(Some(next));
        }
        if there < 0.0 {
            short = (length, there);
        } else {
            long = Some((length, there));
        }
        length = match long {
            None => 2.0 * length,
            // Where the slope would be zero if it were straight, but not too near to an end.
            Some(long) => {
                let (width, share) = (long.0 - short.0, -short.1 / (long.1 - short.1));
                short.0 + width * share.clamp(0.1, 0.9)
            }
        };
    }
    Ok(None)
}

/// Steps s, changes of the gradient y, and 1/(s·y), oldest first.
#[derive(Default)]
struct Memory(VecDeque<(Vec<f64>, Vec<f64>, f64)>);

impl Memory {
    fn learn(&mut self, from: &Point, to: &Point) {
        let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let (step, change) = (difference(&to.at, &from.at), difference(&to.gradient, &from.gradient));
        let curvature = dot(&step, &change);
        // Where it is flat to rounding there is nothing to learn.
        if curvature > f64::EPSILON * dot(&change, &change) {
            self.0.push_back((step, change, 1.0 / curvature));
        }
        if self.0.len() > MEMORY {
            self.0.pop_front();
        }
    }

    /// −H·gradient, by the two loops.
    fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut way: Vec<f64> = gradient.iter().map(|part| -part).collect();
        let mut shares = Vec::with_capacity(self.0.len());
        for (step, change, inverse) in self.0.iter().rev() {
            let share = inverse * dot(step, &way);
            way.iter_mut().zip(change).for_each(|(way, change)| *way -= share * change);
            shares.push(share);
        }
        if let Some((_, change, inverse)) = self.0.back() {
            let scale = 1.0 / (inverse * dot(change, change));
            way.iter_mut().for_each(|way| *way *= scale);
        }
        for ((step, change, inverse), share) in self.0.iter().zip(shares.iter().rev()) {
            let rest = share - inverse * dot(change, &way);
            way.iter_mut().zip(step).for_each(|(way, step)| *way += rest * step);
        }
        way
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn largest(parts: &[f64]) -> f64 {
    parts.iter().fold(0.0, |largest, part| largest.max(part.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bowl a thousand times steeper one way than another: the bottom is known.
    #[test]
    fn the_bottom_of_a_bowl_is_found() -> Result<()> {
        let steepness: Vec<f64> = (0..20).map(|i| 10f64.powf(f64::from(i) * 3.0 / 19.0)).collect();
        let bowl = |at: &[f64], gradient: &mut [f64]| {
            let mut value = 0.0;
            for (i, steep) in steepness.iter().enumerate() {
                let from = at[i] - i as f64;
                gradient[i] = steep * from;
                value += steep * from * from / 2.0;
            }
            Ok(value)
        };
        let found = minimise(vec![0.0; 20], 1e-8, 500, bowl)?;
        assert!(found.gradient <= 1e-8 && found.steps < 300, "{found:?}");
        assert!(found.at.iter().enumerate().all(|(i, at)| (at - i as f64).abs() < 1e-7));
        Ok(())
    }

    /// Flat far out and steep near the bottom: the first lengths are too short, then too long.
    #[test]
    fn a_bad_first_length_is_mended() -> Result<()> {
        let valley = |at: &[f64], gradient: &mut [f64]| {
            let root = (1.0 + at[0] * at[0]).sqrt();
            gradient[0] = at[0] / root;
            Ok(root)
        };
        let found = minimise(vec![1e4], 1e-9, 100, valley)?;
        assert!(found.at[0].abs() < 1e-8, "{found:?}");
        Ok(())
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        assert!(minimise(vec![1.0], 1e-6, 10, |_, _| Ok(f64::NAN)).is_err());
    }
}

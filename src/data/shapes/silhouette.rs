//! Ten outlines with an upright orientation: none looks the same when turned by 90, 180 or 270 degrees.

/// Whether a point is inside; x to the right, y up, the outline within −1..1.
pub type Inside = fn(f32, f32) -> bool;

/// Name and outline.
pub const SILHOUETTES: &[(&str, Inside)] = &[
    ("house", house),
    ("tree", tree),
    ("arrow", arrow),
    ("mushroom", mushroom),
    ("goblet", goblet),
    ("boat", boat),
    ("lollipop", lollipop),
    ("hammer", hammer),
    ("heart", heart),
    ("chair", chair),
];

/// The rectangle from x0 to x1 and y0 to y1.
fn slab(x: f32, y: f32, [x0, x1]: [f32; 2], [y0, y1]: [f32; 2]) -> bool {
    (x0..=x1).contains(&x) && (y0..=y1).contains(&y)
}

/// The triangle with its tip up at (0, y1) and a base of half-width `half` at y0.
fn roof(x: f32, y: f32, half: f32, [y0, y1]: [f32; 2]) -> bool {
    (y0..=y1).contains(&y) && x.abs() <= half * (y1 - y) / (y1 - y0)
}

fn ellipse(x: f32, y: f32, (cx, cy): (f32, f32), (rx, ry): (f32, f32)) -> bool {
    ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) <= 1.0
}

fn house(x: f32, y: f32) -> bool {
    let chimney = slab(x, y, [0.35, 0.6], [0.3, 0.9]);
    slab(x, y, [-0.7, 0.7], [-1.0, 0.15]) || roof(x, y, 0.95, [0.1, 1.0]) || chimney
}

fn tree(x: f32, y: f32) -> bool {
    slab(x, y, [-0.16, 0.16], [-1.0, -0.5])
        || roof(x, y, 0.85, [-0.6, 0.3])
        || roof(x, y, 0.6, [0.0, 0.7])
        || roof(x, y, 0.4, [0.45, 1.0])
}

fn arrow(x: f32, y: f32) -> bool {
    slab(x, y, [-0.22, 0.22], [-1.0, 0.2]) || roof(x, y, 0.85, [0.1, 1.0])
}

fn mushroom(x: f32, y: f32) -> bool {
    slab(x, y, [-0.26, 0.26], [-1.0, 0.1]) || (y >= 0.0 && ellipse(x, y, (0.0, 0.0), (0.98, 0.85)))
}

fn goblet(x: f32, y: f32) -> bool {
    let bowl = y <= 0.95 && ellipse(x, y, (0.0, 0.95), (0.8, 1.05));
    bowl || slab(x, y, [-0.12, 0.12], [-0.85, 0.0]) || slab(x, y, [-0.6, 0.6], [-1.0, -0.82])
}

fn boat(x: f32, y: f32) -> bool {
    let hull = (-1.0..=-0.5).contains(&y) && x.abs() <= 0.55 + 0.45 * (y + 1.0) / 0.5;
    let sail = (-0.4..=1.0).contains(&y) && (0.04..=0.8 * (1.0 - y) / 1.4).contains(&x);
    let jib = (-0.4..=0.6).contains(&y) && (-0.5 * (0.6 - y)..=-0.04).contains(&x);
    hull || sail || jib
}

fn lollipop(x: f32, y: f32) -> bool {
    ellipse(x, y, (0.0, 0.4), (0.6, 0.6)) || slab(x, y, [-0.1, 0.1], [-1.0, 0.0])
}

fn hammer(x: f32, y: f32) -> bool {
    slab(x, y, [-0.85, 0.85], [0.45, 1.0]) || slab(x, y, [-0.2, 0.2], [-1.0, 0.5])
}

fn heart(x: f32, y: f32) -> bool {
    let (x, y) = (x * 1.15, y * 1.1 + 0.1);
    let ring = x * x + y * y - 1.0;
    ring * ring * ring <= x * x * y * y * y
}

fn chair(x: f32, y: f32) -> bool {
    slab(x, y, [-0.7, -0.4], [-1.0, 1.0])
        || slab(x, y, [-0.7, 0.7], [-0.25, 0.05])
        || slab(x, y, [0.4, 0.7], [-1.0, 0.05])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of the points of a grid, of those in either, on which two outlines differ.
    fn difference(a: impl Fn(f32, f32) -> bool, b: impl Fn(f32, f32) -> bool) -> f32 {
        let (mut differ, mut either) = (0, 0);
        for i in 0..41 {
            for j in 0..41 {
                let (x, y) = (i as f32 / 20.0 - 1.0, j as f32 / 20.0 - 1.0);
                let (a, b) = (a(x, y), b(x, y));
                differ += usize::from(a != b);
                either += usize::from(a || b);
            }
        }
        differ as f32 / either as f32
    }

    #[test]
    fn none_looks_like_itself_turned() {
        for (name, inside) in SILHOUETTES {
            for (turn, other) in [
                (90, difference(inside, |x, y| inside(y, -x))),
                (180, difference(inside, |x, y| inside(-x, -y))),
                (270, difference(inside, |x, y| inside(-y, x))),
            ] {
                assert!(other > 0.25, "{name} turned by {turn}° differs by {other} only");
            }
        }
    }

    #[test]
    fn none_looks_like_another() {
        for (i, (name, inside)) in SILHOUETTES.iter().enumerate() {
            for (other_name, other) in &SILHOUETTES[..i] {
                assert!(difference(inside, other) > 0.25, "{name} and {other_name}");
            }
        }
    }
}

//! The ten silhouettes, as signed distances.
//!
//! Every one has a canonical upright orientation: turned by 90°, 180° or 270° it does not cover
//! itself. Mirrored left to right it may, since flipping is an augmentation that nobody should be
//! able to tell from the shape alone.

/// A point of the silhouette's frame: `[x, y]` in `[−1, 1]`, x to the right, y **down**.
pub type Point = [f32; 2];

/// A silhouette: the signed distance of a point to its outline, negative inside.
pub type Silhouette = fn(Point) -> f32;

/// Names and outlines, by class number.
pub const SILHOUETTES: [(&str, Silhouette); 10] = [
    ("house", house),
    ("tree", tree),
    ("arrow", arrow),
    ("mushroom", mushroom),
    ("goblet", goblet),
    ("boat", boat),
    ("key", key),
    ("tee", tee),
    ("heart", heart),
    ("crown", crown),
];

fn house(p: Point) -> f32 {
    let walls = bar(p, [-0.66, -0.1], [0.66, 0.95]);
    let roof = polygon(p, &[[0.0, -0.98], [0.98, -0.05], [-0.98, -0.05]]);
    without(walls.min(roof), bar(p, [-0.2, 0.35], [0.2, 1.1]))
}

fn tree(p: Point) -> f32 {
    let top = polygon(p, &[[0.0, -1.0], [0.55, -0.3], [-0.55, -0.3]]);
    let middle = polygon(p, &[[0.0, -0.6], [0.7, 0.15], [-0.7, 0.15]]);
    let bottom = polygon(p, &[[0.0, -0.2], [0.85, 0.6], [-0.85, 0.6]]);
    top.min(middle).min(bottom).min(bar(p, [-0.16, 0.5], [0.16, 1.0]))
}

fn arrow(p: Point) -> f32 {
    let head = polygon(p, &[[0.0, -1.0], [0.85, -0.05], [-0.85, -0.05]]);
    head.min(bar(p, [-0.3, -0.1], [0.3, 1.0]))
}

fn mushroom(p: Point) -> f32 {
    let cap = without(disc(p, [0.0, 0.05], 0.95), bar(p, [-2.0, 0.05], [2.0, 2.0]));
    cap.min(bar(p, [-0.28, 0.0], [0.28, 0.95]))
}

fn goblet(p: Point) -> f32 {
    let bowl =
        polygon(p, &[[-0.8, -0.95], [0.8, -0.95], [0.6, -0.1], [0.2, 0.15], [-0.2, 0.15], [-0.6, -0.1]]);
    bowl.min(bar(p, [-0.12, 0.1], [0.12, 0.8])).min(bar(p, [-0.5, 0.75], [0.5, 0.97]))
}

fn boat(p: Point) -> f32 {
    let hull = polygon(p, &[[-1.0, 0.4], [1.0, 0.4], [0.6, 0.95], [-0.6, 0.95]]);
    let main_sail = polygon(p, &[[0.06, -0.98], [0.85, 0.25], [0.06, 0.25]]);
    let jib = polygon(p, &[[-0.08, -0.7], [-0.08, 0.25], [-0.7, 0.25]]);
    hull.min(main_sail).min(jib).min(bar(p, [-0.06, -0.98], [0.06, 0.45]))
}

fn key(p: Point) -> f32 {
    let bow = without(disc(p, [0.0, -0.48], 0.5), disc(p, [0.0, -0.48], 0.22));
    let shaft = bar(p, [-0.13, -0.05], [0.13, 1.0]);
    bow.min(shaft).min(bar(p, [0.0, 0.35], [0.5, 0.55])).min(bar(p, [0.0, 0.75], [0.5, 0.98]))
}

fn tee(p: Point) -> f32 {
    bar(p, [-0.85, -0.95], [0.85, -0.45]).min(bar(p, [-0.26, -0.5], [0.26, 0.95]))
}

fn heart(p: Point) -> f32 {
    let lobes = disc(p, [-0.46, -0.42], 0.5).min(disc(p, [0.46, -0.42], 0.5));
    lobes.min(polygon(p, &[[-0.9, -0.18], [-0.4, -0.5], [0.4, -0.5], [0.9, -0.18], [0.0, 0.97]]))
}

fn crown(p: Point) -> f32 {
    polygon(
        p,
        &[[-0.95, -0.7], [-0.48, 0.0], [0.0, -0.95], [0.48, 0.0], [0.95, -0.7], [0.78, 0.75], [-0.78, 0.75]],
    )
}

fn disc([x, y]: Point, [cx, cy]: Point, radius: f32) -> f32 {
    (x - cx).hypot(y - cy) - radius
}

/// An upright box between two corners.
fn bar([x, y]: Point, [left, top]: Point, [right, bottom]: Point) -> f32 {
    let dx = (left - x).max(x - right);
    let dy = (top - y).max(y - bottom);
    dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0)
}

fn without(shape: f32, hole: f32) -> f32 {
    shape.max(-hole)
}

/// Any simple polygon: the distance to the nearest edge, its sign from the crossings of a ray.
fn polygon([x, y]: Point, corners: &[Point]) -> f32 {
    let (mut nearest, mut inside) = (f32::INFINITY, false);
    let mut from = corners[corners.len() - 1];
    for &to in corners {
        let (ex, ey) = (to[0] - from[0], to[1] - from[1]);
        let (px, py) = (x - from[0], y - from[1]);
        let along = ((px * ex + py * ey) / (ex * ex + ey * ey)).clamp(0.0, 1.0);
        let (dx, dy) = (px - ex * along, py - ey * along);
        nearest = nearest.min(dx * dx + dy * dy);
        if (from[1] > y) != (to[1] > y) && x < from[0] + ex * (y - from[1]) / ey {
            inside = !inside;
        }
        from = to;
    }
    if inside { -nearest.sqrt() } else { nearest.sqrt() }
}

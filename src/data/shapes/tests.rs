use super::*;
use crate::data::quiet;
use silhouette::{Point, Silhouette};

fn settings(train: usize, held_out: usize, size: usize) -> DataSettings {
    DataSettings { train, held_out, size, ..DataSettings::default() }
}

/// The set is part of what a run means: it does not change by accident. (Means, because the last bit of a
/// sine is not the same everywhere.)
#[test]
fn the_set_is_as_it_was() {
    let splits = open(&settings(4, 2, 32), &mut quiet).unwrap();
    let mean = |image: &[u8]| image.iter().map(|value| f64::from(*value)).sum::<f64>() / image.len() as f64;
    let means: Vec<f64> = [&splits.train, &splits.held_out]
        .iter()
        .flat_map(|it| it.all().chunks(32 * 32 * 3).map(mean).collect::<Vec<_>>())
        .collect();
    for (mean, known) in means.iter().zip(MEANS) {
        assert!((mean - known).abs() < 0.05, "{means:.2?}");
    }
    assert_eq!(splits.train.describe(0), LABELS);
}

const MEANS: [f64; 6] = [109.15, 72.00, 124.84, 69.83, 105.75, 93.65];
const LABELS: [&str; 3] = ["shape heart", "colour cyan", "texture grain"];

#[test]
fn an_image_depends_on_its_number_alone() {
    let (few, many) = (render(0, 4, 32).unwrap(), render(0, 40, 32).unwrap());
    assert_eq!(few.all()[..], many.all()[..few.all().len()]);
    let later = render(30, 10, 32).unwrap();
    assert_eq!(later.all()[..], many.all()[30 * 32 * 32 * 3..]);
}

#[test]
fn every_class_occurs_about_as_often_as_the_others() {
    let images = render(0, 4000, 8).unwrap();
    for labels in &images.labels {
        let expected = images.len() / labels.classes.len();
        for class in 0..labels.classes.len() {
            let count = labels.of.iter().filter(|of| usize::from(**of) == class).count();
            assert!(count.abs_diff(expected) < expected / 4, "{} {class}: {count}", labels.name);
        }
    }
    let names: Vec<&str> = images.labels.iter().map(|labels| &*labels.name).collect();
    assert_eq!(names, ["shape", "colour", "texture"]);
    assert_eq!(images.labels.iter().map(|labels| labels.classes.len()).collect::<Vec<_>>(), [10, 8, 5]);
}

/// The area in which a silhouette and its turned self differ, as a part of what either covers.
fn differs(outline: Silhouette, turned: impl Fn(Point) -> Point) -> f64 {
    let (mut either, mut one) = (0, 0);
    for y in 0..64 {
        for x in 0..64 {
            let at = [x, y].map(|n| (n as f32 + 0.5) / 32.0 - 1.0);
            let (a, b) = (outline(at) < 0.0, outline(turned(at)) < 0.0);
            either += u32::from(a || b);
            one += u32::from(a != b);
        }
    }
    f64::from(one) / f64::from(either)
}

/// Which way is up can be seen, and silhouettes can be told from one another at any orientation.
#[test]
fn silhouettes_have_a_right_way_up() {
    for (name, outline) in SILHOUETTES {
        for turned in [|[x, y]: Point| [y, -x], |[x, y]: Point| [-x, -y], |[x, y]: Point| [-y, x]] {
            let share = differs(outline, turned);
            assert!(share > 0.15, "{name} looks alike when it is turned: {share}");
        }
    }
}

#[test]
fn any_size_is_rendered() {
    for side in [1, 8, 33, 96] {
        let images = render(5, 2, side).unwrap();
        assert_eq!((images.side, images.len()), (side, 2));
    }
}

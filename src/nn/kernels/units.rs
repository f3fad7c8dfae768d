//! How a batch is cut into work, and how the pieces run in parallel.
//!
//! A *unit* is a run of images of one BatchNorm group; a *part* is a run of units. Both depend on shapes
//! alone, every sum is taken within a unit or a part and then over them in order: no bit depends on the
//! number of threads.

/// A run of neighbouring images of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    pub first: usize,
    pub images: usize,
    pub group: usize,
}

impl Unit {
    /// Its images among all, of `size` values each.
    pub(super) fn of<'a>(&self, values: &'a [f32], size: usize) -> &'a [f32] {
        &values[self.first * size..][..self.images * size]
    }

    /// Its group's row of `[groups, channels]`.
    pub(super) fn row<'a>(&self, values: &'a [f32], channels: usize) -> &'a [f32] {
        &values[self.group * channels..][..channels]
    }
}

/// Units of at most `most` images; `images` are `groups` groups of equal size.
pub(super) fn units(images: usize, groups: usize, most: usize) -> Vec<Unit> {
    let size = images / groups;
    let runs = (0..groups).flat_map(|group| (0..size).step_by(most).map(move |first| (group, first)));
    runs.map(|(group, first)| Unit { first: group * size + first, images: most.min(size - first), group })
        .collect()
}

/// Neighbouring units.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub units: Vec<Unit>,
    /// The place of the first among all units.
    pub first_unit: usize,
}

impl Part {
    fn first_image(&self) -> usize {
        self.units[0].first
    }

    /// Calls `work` with each unit, its values and its sums, in order.
    pub fn each(
        &self,
        PerImage(mut values, size): PerImage,
        PerUnit(mut sums, count): PerUnit,
        mut work: impl FnMut(Unit, &mut [f32], &mut [f64]),
    ) {
        for unit in &self.units {
            let (of_unit, rest) = std::mem::take(&mut values).split_at_mut(unit.images * size);
            let (its_sums, rest_of_sums) = std::mem::take(&mut sums).split_at_mut(count);
            (values, sums) = (rest, rest_of_sums);
            work(*unit, of_unit, its_sums);
        }
    }
}

/// At most `most` parts.
pub(super) fn parts(units: &[Unit], most: usize) -> Vec<Part> {
    let size = units.len().div_ceil(most).max(1);
    units
        .chunks(size)
        .enumerate()
        .map(|(at, units)| Part { units: units.to_vec(), first_unit: at * size })
        .collect()
}

/// Something that can be cut in front of a part: at so many images, units and parts.
pub(super) trait Share: Send + Sized {
    fn cut(self, images: usize, units: usize, parts: usize) -> (Self, Self);
}

/// So many values an image.
pub(super) struct PerImage<'a>(pub &'a mut [f32], pub usize);
/// So many sums a unit.
pub(super) struct PerUnit<'a>(pub &'a mut [f64], pub usize);
/// So many values a part.
pub(super) struct PerPart<'a>(pub &'a mut [f32], pub usize);

impl Share for PerImage<'_> {
    fn cut(self, images: usize, _: usize, _: usize) -> (Self, Self) {
        let (left, right) = self.0.split_at_mut(images * self.1);
        (Self(left, self.1), Self(right, self.1))
    }
}

impl Share for PerUnit<'_> {
    fn cut(self, _: usize, units: usize, _: usize) -> (Self, Self) {
        let (left, right) = self.0.split_at_mut(units * self.1);
        (Self(left, self.1), Self(right, self.1))
    }
}

impl Share for PerPart<'_> {
    fn cut(self, _: usize, _: usize, parts: usize) -> (Self, Self) {
        let (left, right) = self.0.split_at_mut(parts * self.1);
        (Self(left, self.1), Self(right, self.1))
    }
}

impl Share for () {
    fn cut(self, _: usize, _: usize, _: usize) -> (Self, Self) {
        ((), ())
    }
}

macro_rules! shares {
    ($($name:ident)+) => {
        impl<$($name: Share),+> Share for ($($name,)+) {
            #[allow(non_snake_case)]
            fn cut(self, images: usize, units: usize, parts: usize) -> (Self, Self) {
                let ($($name,)+) = self;
                $(let $name = $name.cut(images, units, parts);)+
                (($($name.0,)+), ($($name.1,)+))
            }
        }
    };
}
shares!(A B);
shares!(A B C);
shares!(A B C D);

/// Calls `work` with each part and its share, in parallel; nothing is allocated.
pub(super) fn each_part<S: Share>(parts: &[Part], share: S, work: &(impl Fn(&Part, S) + Sync)) {
    match parts {
        [] => {}
        [part] => work(part, share),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            let images = right[0].first_image() - left[0].first_image();
            let units = right[0].first_unit - left[0].first_unit;
            let (left_share, right_share) = share.cut(images, units, left.len());
            rayon::join(|| each_part(left, left_share, work), || each_part(right, right_share, work));
        }
    }
}

/// Calls `work` with each chunk of `size` values and its number, in parallel; nothing is allocated.
pub(super) fn each_chunk(
    values: &mut [f32],
    size: usize,
    first: usize,
    work: &(impl Fn(usize, &mut [f32]) + Sync),
) {
    let count = values.len() / size.max(1);
    if count <= 1 {
        if count == 1 {
            work(first, values);
        }
        return;
    }
    let (left, right) = values.split_at_mut(count / 2 * size);
    rayon::join(|| each_chunk(left, size, first, work), || each_chunk(right, size, first + count / 2, work));
}

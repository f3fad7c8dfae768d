//! What the figures of a tag measure, in the words of an axis.

/// Tags whose second part is a head: `loss/color`, `invariance/color/crop`.
const OF_HEADS: [&str; 7] =
    ["loss", "invariance", "invariance_raw", "selectivity", "std", "rankme", "uniformity"];

/// Families of tags, and what their axis is called, with the unit.
const NAMES: [(&str, &str); 12] = [
    ("loss", "loss (nats)"),
    ("lr", "learning rate"),
    ("images_per_s", "training images per second"),
    ("invariance", "invariance (0 strangers, 1 identical)"),
    ("invariance_raw", "invariance (mean cosine)"),
    ("selectivity", "selectivity (difference of invariances)"),
    ("knn", "kNN accuracy (share of images)"),
    ("probe", "probe accuracy (share of images)"),
    ("std", "standard deviation of unit vectors"),
    ("rankme", "RankMe (dimensions)"),
    ("uniformity", "uniformity (log of the mean potential)"),
    ("time", "time (s)"),
];

/// What a tag is one of: `loss` of `loss/color`.
pub fn family(tag: &str) -> &str {
    tag.split_once('/').map_or(tag, |(family, _)| family)
}

/// The head that a tag's figures are of, and what else they are of: `color` and `crop`.
pub fn head(tag: &str) -> Option<(&str, &str)> {
    let (family, rest) = tag.split_once('/')?;
    OF_HEADS.contains(&family).then(|| rest.split_once('/').unwrap_or((rest, "")))
}

/// The name of the axis for these curves; a family that is not known gives its own name.
pub fn axis_name<'a>(mut tags: impl Iterator<Item = &'a str>) -> &'a str {
    let Some(first) = tags.next().map(family) else { return "value" };
    if tags.any(|tag| family(tag) != first) {
        return "value";
    }
    NAMES.iter().find(|(name, _)| *name == first).map_or(first, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_named_after_what_all_its_curves_measure() {
        assert_eq!(axis_name(["loss/all", "loss/color", "loss"].into_iter()), "loss (nats)");
        assert_eq!(axis_name(["loss/all", "lr"].into_iter()), "value");
        assert_eq!(axis_name(["mine/a"].into_iter()), "mine");
        assert_eq!(head("invariance/color/crop"), Some(("color", "crop")));
        assert_eq!((head("knn/shape"), head("loss")), (None, None));
    }
}

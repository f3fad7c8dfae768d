//! The labels that a supervised objective learns from.

use super::EngineError;
use crate::{
    data::{Images, Labels},
    looc::ContrastSettings,
};

/// The labels that `contrast.label` names, or the first ones; none for an objective that needs none.
pub(super) fn labels<'a>(
    contrast: &ContrastSettings,
    images: &'a Images,
) -> Result<Option<&'a Labels>, EngineError> {
    if !contrast.kind.labelled {
        return Ok(None);
    }
    let known: Vec<&str> = images.labels.iter().map(|labels| labels.name.as_str()).collect();
    let found = match &contrast.label {
        Some(name) => images.labels.iter().find(|labels| labels.name == *name),
        None => images.labels.first(),
    };
    match found {
        Some(labels) => Ok(Some(labels)),
        None if known.is_empty() => Err(EngineError::Unlabelled(contrast.kind.name)),
        None => {
            let wanted = crate::text::printable(contrast.label.as_deref().unwrap_or_default());
            Err(EngineError::NoLabel { wanted, known: known.join(", ") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::looc::ObjectiveKind;

    fn labelled(names: &[&str]) -> Images {
        let labels = |name: &&str| Labels { name: (*name).into(), ..Labels::default() };
        Images { labels: names.iter().map(labels).collect(), ..Images::default() }
    }

    #[test]
    fn labels_are_found_by_name_or_refused_with_the_names_that_there_are() {
        let kind = serde_json::from_value::<ObjectiveKind>("supervised".into()).unwrap();
        let contrast = |label: Option<&str>| ContrastSettings {
            kind,
            label: label.map(Into::into),
            ..Default::default()
        };
        let images = labelled(&["class", "shape"]);
        let found = |label| labels(&contrast(label), &images).map(|it| it.map(|it| it.name.clone()));
        assert_eq!(found(None).unwrap().as_deref(), Some("class"));
        assert_eq!(found(Some("shape")).unwrap().as_deref(), Some("shape"));
        let why = found(Some("colour")).unwrap_err().to_string();
        assert!(why.contains("colour") && why.contains("class, shape"), "{why}");
        let why = labels(&contrast(None), &labelled(&[])).unwrap_err().to_string();
        assert!(why.contains("supervised") && why.contains("no labels"), "{why}");
        assert!(labels(&ContrastSettings::default(), &images).unwrap().is_none());
    }
}

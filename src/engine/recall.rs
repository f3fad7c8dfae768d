//! What a run's files say of the time before it is resumed: its curves, its measurements, its turns.

use super::{
    EngineError, Publisher,
    message::{Event, InvarianceReport, Snapshot, Span, StepRecord},
};
use crate::{
    looc::GENERAL,
    run::{self, RunDir, metrics},
};
use std::sync::Arc;

/// Tells the viewer the figures of the steps before and the turns up to an edit, and puts the measurements
/// back: the first, which all others are compared with, and the last.
pub(super) fn recall(
    now: &mut Snapshot,
    run: &RunDir,
    revision: u64,
    publisher: &Publisher,
) -> Result<(), EngineError> {
    for row in metrics::read(&run.path().join(metrics::METRICS))? {
        if let Some(report) = measured(&row) {
            let report = Arc::new(report);
            if report.step == 0 {
                now.invariance_at_start = Some(report.clone());
            }
            now.invariance = Some(report);
            let knn =
                row.values.iter().filter_map(|(tag, value)| Some((tag.strip_prefix("knn/")?.into(), *value)));
            now.knn = knn.collect();
        }
        let values = row.values.into_iter().map(|(tag, value)| (tag, Span::of(value))).collect();
        publisher.record(StepRecord { step: row.step, time: row.time, values });
    }
    for (step, turn) in run::turns(run.manifest(), run.records(), revision) {
        publisher.event(Event::Recalled { step, turn });
    }
    Ok(())
}

/// The measurement in a row of a run's figures, if it is one's.
pub fn measured(row: &metrics::Row) -> Option<InvarianceReport> {
    let find = |tag: &str| row.figure(tag);
    let cells = row.values.iter().filter_map(|(tag, _)| tag.strip_prefix("invariance/")?.split_once('/'));
    let (mut heads, mut augmentations): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (head, augmentation) in cells {
        for (known, name) in [(&mut heads, head), (&mut augmentations, augmentation)] {
            if !known.iter().any(|it| it == name) {
                known.push(name.to_owned());
            }
        }
    }
    heads.first().filter(|head| *head == GENERAL)?;
    let matrix = |kind: &str| {
        let cell = |head: &String, name: &String| find(&format!("{kind}/{head}/{name}")).unwrap_or(f32::NAN);
        let row = |head| augmentations.iter().map(|name| cell(head, name)).collect();
        heads.iter().map(row).collect()
    };
    Some(InvarianceReport {
        step: row.step,
        raw: matrix("invariance_raw"),
        rescaled: matrix("invariance"),
        selectivity: heads.iter().map(|head| find(&format!("selectivity/{head}"))).collect(),
        heads,
        augmentations,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_is_put_back_as_it_was() {
        let values = [
            ("invariance/all/color", 0.9),
            ("invariance_raw/all/color", 0.95),
            ("invariance/color/color", f32::NAN),
            ("invariance_raw/color/color", 0.3),
            ("selectivity/color", 0.5),
            ("knn/class", 0.4),
        ];
        let values = values.map(|(tag, value)| (Arc::from(tag), value)).to_vec();
        let report = measured(&metrics::Row { step: 7, time: 1.0, values }).unwrap();
        assert_eq!(
            (report.step, &*report.heads, &*report.augmentations),
            (7, &["all".into(), "color".into()][..], &["color".to_string()][..])
        );
        assert_eq!((report.raw[1][0], report.selectivity[1], report.selectivity[0]), (0.3, Some(0.5), None));
        assert!(report.rescaled[1][0].is_nan() && report.rescaled[0][0] == 0.9);
        let losses = vec![(Arc::from("loss/all"), 1.0)];
        assert!(measured(&metrics::Row { step: 7, time: 1.0, values: losses }).is_none());
    }
}

//! An evaluation as one JSON document.

use super::Evaluated;
use crate::{
    eval::{Figure, Unit},
    text::printable_name,
};
use serde_json::{Map, Value, json};

/// Everything: what was evaluated, and every figure with what it was measured on.
pub fn document(of: &Evaluated) -> Value {
    let Evaluated { config, evaluation, .. } = of;
    let figures = [("trained", &evaluation.trained), ("initialisation", &evaluation.at_initialisation)];
    let figures: Vec<Value> = figures
        .into_iter()
        .flat_map(|(model, figures)| figures.iter().map(move |figure| row(model, figure)))
        .collect();
    json!({
        "program": format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        "run": printable_name(of.run.as_os_str()),
        "run_created": of.manifest.created,
        "run_program": of.manifest.program,
        "checkpoint": of.checkpoint.as_ref().map(|path| printable_name(path.as_os_str())),
        "step": of.step,
        "config": of.stored.hash(),
        "config_at_start": of.manifest.config,
        "overrides": of.overrides,
        "seed": config.train.seed,
        "compute": of.compute,
        "offline": true,
        "data": {
            "kind": config.data.kind,
            "path": config.data.path.as_ref().map(|path| printable_name(path.as_os_str())),
            "size": config.data.size,
            "train": of.images.0,
            "held_out": of.images.1,
            "bank": evaluation.bank,
            "viewed": evaluation.viewed,
        },
        "seconds": (of.seconds * 100.0).round() / 100.0,
        "figures": figures,
    })
}

/// One figure, flat: a row of a table to come.
fn row(model: &str, figure: &Figure) -> Value {
    let mut row = Map::new();
    let mut put = |name: &str, value: Value| row.insert(name.into(), value);
    put("model", model.into());
    put("score", figure.score.into());
    put("on", figure.on.as_str().into());
    put("label", figure.label.as_str().into());
    put("value", number(figure.value));
    put("accuracy", (figure.unit == Unit::Accuracy).into());
    if let Some(interval) = figure.interval {
        put("interval95", number(interval));
    }
    put("offline", true.into());
    row.extend(figure.facts.clone());
    Value::Object(row)
}

/// To the seven digits that f32 has. JSON has no NaN: as in the metrics, it is told in a word.
fn number(value: f64) -> Value {
    if value.is_finite() { json!((value * 1e7).round() / 1e7) } else { json!(value.to_string()) }
}

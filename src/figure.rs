//! Figures in JSON, which has no NaN and no infinity: it says `null` instead, and that is read as NaN. For
//! `#[serde(deserialize_with = …)]`.

use serde::{Deserialize, Deserializer};
use std::sync::Arc;

fn or_nan(figure: Option<f32>) -> f32 {
    figure.unwrap_or(f32::NAN)
}

/// One figure.
///
/// # Errors
/// It is neither a number nor `null`.
pub fn one<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
    Option::deserialize(from).map(or_nan)
}

/// Figures with their names.
///
/// # Errors
/// As [`one`].
pub fn named<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(Arc<str>, f32)>, D::Error> {
    let named: Vec<(Arc<str>, Option<f32>)> = Deserialize::deserialize(from)?;
    Ok(named.into_iter().map(|(name, figure)| (name, or_nan(figure))).collect())
}

/// Rows of figures.
///
/// # Errors
/// As [`one`].
pub fn rows<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Vec<f32>>, D::Error> {
    let rows: Vec<Vec<Option<f32>>> = Deserialize::deserialize(from)?;
    Ok(rows.into_iter().map(|row| row.into_iter().map(or_nan).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[derive(Serialize, Deserialize)]
    struct Figures {
        #[serde(deserialize_with = "one")]
        one: f32,
        #[serde(deserialize_with = "named")]
        named: Vec<(Arc<str>, f32)>,
        #[serde(deserialize_with = "rows")]
        rows: Vec<Vec<f32>>,
    }

    #[test]
    fn what_is_no_number_is_read_as_such_and_numbers_keep_every_bit() {
        let third = 1.0_f32 / 3.0;
        let figures = Figures {
            one: f32::INFINITY,
            named: vec![("a".into(), third), ("b".into(), f32::NAN)],
            rows: vec![vec![f32::NAN, f32::MIN_POSITIVE]],
        };
        let text = serde_json::to_string(&figures).unwrap();
        let read: Figures = serde_json::from_str(&text).unwrap();
        assert!(read.one.is_nan() && read.named[1].1.is_nan() && read.rows[0][0].is_nan());
        assert_eq!((read.named[0].1, read.rows[0][1]), (third, f32::MIN_POSITIVE));
        assert!(serde_json::from_str::<Figures>(&text.replace("null", "\"x\"")).is_err());
    }
}

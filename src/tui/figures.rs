//! Numbers in a few characters.

use std::time::Duration;

/// At most six characters: `2.31`, `.93`, `412`, `3.1e-5`. A figure that is none says so.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "inf" } else { "-inf" }.into()
    } else if size == 0.0 {
        "0".into()
    } else if !(1e-3..1e6).contains(&size) {
        format!("{value:.1e}")
    } else if size < 0.1 {
        no_zero(format!("{value:.4}"))
    } else if size < 10.0 {
        format!("{value:.2}")
    } else if size < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// A setting's value, without digits that say nothing: `.2`, `1`, `.0005`.
pub fn setting(value: f64) -> String {
    if value != 0.0 && (value.abs() < 1e-4 || value.abs() >= 1e9) {
        return format!("{value:e}");
    }
    let text = format!("{value:.6}");
    no_zero(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// A share or a cosine, `.93`, `1.0`, `-.12`; four characters at most, never more digits than known.
pub fn share(value: f32) -> String {
    if !value.is_finite() {
        return "NaN".into();
    }
    let text = format!("{value:.2}");
    match text.as_str() {
        "1.00" => "1.0".into(),
        "-1.00" => "-1.0".into(),
        "-0.00" | "0.00" => ".00".into(),
        _ => no_zero(text),
    }
}

/// `.5` for `0.5`.
fn no_zero(text: String) -> String {
    if let Some(rest) = text.strip_prefix("0.") {
        format!(".{rest}")
    } else if let Some(rest) = text.strip_prefix("-0.") {
        format!("-.{rest}")
    } else {
        text
    }
}

/// A count: `1840`, `12.3k`, `1.2M`.
pub fn count(value: f64) -> String {
    match value {
        v if v < 10_000.0 => format!("{}", (v * 100.0).round() / 100.0),
        v if v < 1e6 => format!("{}k", (v / 100.0).round() / 10.0),
        v => format!("{}M", (v / 1e4).round() / 100.0),
    }
}

/// Bytes: `512M`, `31G`, `1.5G`.
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["B", "K", "M", "G", "T"];
    let (mut size, mut unit) = (value as f64, 0);
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        (size, unit) = (size / 1024.0, unit + 1);
    }
    if size < 9.95 && unit > 2 {
        format!("{size:.1}{}", UNITS[unit])
    } else {
        format!("{size:.0}{}", UNITS[unit])
    }
}

/// A duration: `42s`, `12m`, `3h12`, `2d04h`.
pub fn duration(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m{:02}", s / 60, s % 60),
        3600..86_400 => format!("{}h{:02}", s / 3600, s / 60 % 60),
        _ => format!("{}d{:02}h", s / 86_400, s / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_true() {
        assert_eq!(
            [2.314, 0.93, 412.4, 0.0612, 3.1e-5].map(short),
            ["2.31", "0.93", "412", ".0612", "3.1e-5"]
        );
        assert_eq!([0.2, 1.0, 0.0005, 0.06, 2e-5].map(setting), [".2", "1", ".0005", ".06", "2e-5"]);
        assert_eq!([0.934, 1.0, -0.123, 0.0, -0.001].map(share), [".93", "1.0", "-.12", ".00", ".00"]);
        assert_eq!(short(f64::NAN), "NaN");
        assert_eq!([900.0, 12_340.0, 1_500_000.0].map(count), ["900", "12.3k", "1.5M"]);
        assert_eq!([512 << 20, 31 << 30, 3 << 29].map(bytes), ["512M", "31G", "1.5G"]);
        assert_eq!(duration(Duration::from_secs(11_520)), "3h12");
    }
}

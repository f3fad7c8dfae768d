//! Plain words for what serde says of a value, and suggestions for misspelt names.

/// How alike two names have to be for one to be suggested for the other (Jaro–Winkler, 0 to 1).
const ALIKE: f64 = 0.85;

/// The name that was probably meant.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let alike = |it: &&'a str| strsim::jaro_winkler(&name.to_lowercase(), it);
    let best = known.iter().copied().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (alike(&best) >= ALIKE).then_some(best)
}

/// `a, b, c`.
pub fn list(names: &[&str]) -> String {
    names.join(", ")
}

/// Why a name is refused, and the names that are allowed.
pub fn unknown(what: &str, name: &str, known: &[&str]) -> (String, String) {
    let guess = nearest(name, known).map(|it| format!(": did you mean `{it}`?")).unwrap_or_default();
    (format!("there is no {what} `{name}`{guess}"), format!("allowed: {}", list(known)))
}

/// serde's message in plain words: what was found, what is expected.
pub fn plain(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    if let Some(rest) = message.strip_prefix("unknown variant ")
        && let Some((name, known)) = rest.split_once(", expected ")
    {
        return format!("{name} is not known here: allowed is {}", known.trim_start_matches("one of "));
    }
    for start in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some(rest) = message.strip_prefix(start)
            && let Some((found, expected)) = rest.split_once(", expected ")
        {
            let found =
                if start == "invalid length " { format!("a list of {found}") } else { self::found(found) };
            return format!("expected {}, but found {found}", self::expected(expected));
        }
    }
    message.to_owned()
}

fn expected(it: &str) -> String {
    match it {
        "f64" | "f32" => "a number".into(),
        "usize" | "u64" | "u32" | "a nonzero u32" => "a whole number, 0 or more".into(),
        "i32" | "i64" => "a whole number".into(),
        "a boolean" => "true or false".into(),
        "a string" | "path string" | "string or map" => "a text".into(),
        "a sequence" => "a list, as in [0.5, 1]".into(),
        "an array of length 2" => "two numbers, as in [0.5, 1]".into(),
        other => other.trim_start_matches("struct ").to_owned(),
    }
}

fn found(it: &str) -> String {
    let quoted = |prefix: &str| it.strip_prefix(prefix).map(|rest| rest.trim_matches('`').to_owned());
    match it {
        "null" | "unit value" => "nothing".into(),
        "map" => "keys and values".into(),
        "sequence" => "a list".into(),
        _ => (quoted("integer ").or_else(|| quoted("floating point ")).or_else(|| quoted("boolean ")))
            .or_else(|| it.strip_prefix("string ").map(|text| format!("the text {text}")))
            .unwrap_or_else(|| it.to_owned()),
    }
}

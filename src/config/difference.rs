//! What two configurations say otherwise.

use super::Config;
use serde_json::Value;

/// One value that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// As in `--set`: `optimizer.lr`, `augment.color.p`.
    pub path: String,
    /// In short words; `—` where a configuration has no such value.
    pub here: String,
    pub there: String,
}

impl Config {
    /// Every value in which `there` differs, in the order of the document.
    pub fn differences(&self, there: &Self) -> Vec<Difference> {
        let (mine, theirs) = (flat(self), flat(there));
        let find = |values: &[(String, String)], path: &str| {
            values.iter().find(|(known, _)| known == path).map(|(_, value)| value.clone())
        };
        let none = || "—".to_owned();
        let changed = mine.iter().filter_map(|(path, here)| {
            let there = find(&theirs, path).unwrap_or_else(none);
            (there != *here).then(|| Difference { path: path.clone(), here: here.clone(), there })
        });
        let new = theirs.iter().filter(|(path, _)| find(&mine, path).is_none());
        let new =
            new.map(|(path, there)| Difference { path: path.clone(), here: none(), there: there.clone() });
        changed.chain(new).collect()
    }
}

/// Every single value with its path. An augmentation goes by its kind, so that another order is no difference
/// of its values; the order is a value of its own.
fn flat(config: &Config) -> Vec<(String, String)> {
    let mut values = Vec::new();
    let order: Vec<&str> = config.augment.iter().map(|entry| entry.name()).collect();
    flatten("", &config.value(), &mut values);
    values.push(("augment".into(), order.join(" ")));
    values
}

fn flatten(path: &str, value: &Value, into: &mut Vec<(String, String)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .filter(|(name, _)| *name != "kind" || path.matches('.').count() == 0)
                .for_each(|(name, value)| flatten(&below(name), value, into));
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for item in items {
                flatten(&below(item["kind"].as_str().unwrap_or_default()), item, into);
            }
        }
        Value::String(text) => into.push((path.to_owned(), text.clone())),
        other => into.push((path.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_as_it_is_set() {
        let here = Config::quickstart();
        assert!(here.differences(&here).is_empty());
        let overrides =
            ["optimizer.lr=0.1", "augment.color.p=0.5", "contrast.kind=simclr", "model.heads=stage"];
        let there = Config::load(None, &overrides.map(String::from)).unwrap();
        let found = here.differences(&there);
        let found: Vec<_> = found.iter().map(|it| (&*it.path, &*it.here, &*it.there)).collect();
        assert_eq!(
            found,
            [
                ("augment.color.p", "0.8", "0.5"),
                ("model.heads", "mlp", "stage"),
                ("contrast.kind", "moco", "simclr"),
                ("optimizer.lr", "0.06", "0.1"),
            ]
        );
    }

    #[test]
    fn an_augmentation_that_is_missing_is_a_difference_and_so_is_the_order() {
        let here = Config::quickstart();
        let mut there = here.clone();
        there.augment.swap(0, 1);
        let found = here.differences(&there);
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].path, &*found[0].there), ("augment", "flip crop color blur rotation"));
        there.augment.retain(|entry| entry.name() != "blur");
        let found = here.differences(&there);
        assert!(found.iter().any(|it| it.path == "augment.blur.p" && it.there == "—"), "{found:?}");
        assert!(there.differences(&here).iter().any(|it| it.path == "augment.blur.p" && it.here == "—"));
    }
}

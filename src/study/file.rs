//! The file of a study.

use crate::config::{Config, ConfigError};
use serde::Deserialize;
use serde_yaml::{Mapping, Value};
use std::path::{Path, PathBuf};

/// What is wrong with a study: where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    #[error("{file}: cannot be read: {source}")]
    Read { file: String, source: std::io::Error },
    #[error("{file}: {why}")]
    Format { file: String, why: String },
    #[error("{file}: variant {variant:?} is no configuration:\n{source}")]
    Variant { file: String, variant: String, source: Box<ConfigError> },
    #[error(
        "{place} has another configuration than the study wants now: give another --out, or remove it to do it anew"
    )]
    Other { place: String },
    #[error("{file}: is no evaluation: {why}; remove it to do it anew")]
    Evaluation { file: String, why: String },
    #[error("none of the columns of the study was measured: the data set has none of their labels")]
    NoColumn,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// A configuration's file, from the study's folder on; without it, the quickstart.
    base: Option<PathBuf>,
    /// Changes of every variant.
    #[serde(default)]
    set: Vec<String>,
    seeds: Vec<u64>,
    /// The variant that the others are compared with.
    baseline: String,
    /// Name: changes.
    variants: Mapping,
    columns: Vec<Column>,
}

/// Figures of the evaluation that the table shows.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// A score's name: `probe`, `rotation`, `knn`, `few-shot`.
    pub score: String,
    /// The representation.
    #[serde(default = "features")]
    pub on: String,
    /// The sets of labels; empty for all that there are.
    #[serde(default)]
    pub labels: Vec<String>,
}

fn features() -> String {
    "V".into()
}

/// One of the configurations that are compared.
#[derive(Clone, Debug)]
pub struct Variant {
    /// As the file has it, such as `MoCo + rotation`.
    pub name: String,
    /// The name as a part of a file's name.
    pub slug: String,
    /// Without the seed.
    pub config: Config,
}

/// A study, checked.
#[derive(Clone, Debug)]
pub struct Study {
    pub variants: Vec<Variant>,
    pub seeds: Vec<u64>,
    /// The place of the variant that the others are compared with.
    pub baseline: usize,
    pub columns: Vec<Column>,
}

impl Study {
    /// Reads a study. `base` takes the place of the file's base; `overrides` are changes of every variant, made
    /// before its own.
    ///
    /// # Errors
    /// [`StudyError`]: the file cannot be read, is no study, or a variant of it is no configuration.
    pub fn load(path: &Path, base: Option<&Path>, overrides: &[String]) -> Result<Self, StudyError> {
        let file = crate::text::printable_name(path.as_os_str());
        let text = std::fs::read_to_string(path)
            .map_err(|source| StudyError::Read { file: file.clone(), source })?;
        let wrong = |why: String| StudyError::Format { file: file.clone(), why };
        let document: Document = serde_yaml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let own = document.base.as_ref().map(|base| path.parent().unwrap_or(Path::new("")).join(base));
        let base = base.map(Path::to_path_buf).or(own);
        let mut variants: Vec<Variant> = Vec::new();
        for (name, changes) in &document.variants {
            let (name, changes) = variant(name, changes).map_err(wrong)?;
            let slug = slug(&name);
            if slug.is_empty() || variants.iter().any(|known| known.slug == slug) {
                let why = "needs a name of its own, with a letter or a digit in it";
                return Err(wrong(format!("variants: {name:?} {why}")));
            }
            let all: Vec<String> = document.set.iter().chain(overrides).chain(&changes).cloned().collect();
            let config = Config::load(base.as_deref(), &all).map_err(|source| StudyError::Variant {
                file: file.clone(),
                variant: name.clone(),
                source: Box::new(source),
            })?;
            variants.push(Variant { name, slug, config });
        }
        let baseline = variants.iter().position(|variant| variant.name == document.baseline);
        let names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
        let baseline = baseline.ok_or_else(|| {
            let (wanted, known) = (&document.baseline, names.join(", "));
            wrong(format!("baseline: there is no variant {wanted:?}; there are {known}"))
        })?;
        let mut seeds = document.seeds;
        seeds.dedup();
        if seeds.is_empty() || document.columns.is_empty() {
            return Err(wrong("seeds and columns: give at least one of each".into()));
        }
        Ok(Self { variants, seeds, baseline, columns: document.columns })
    }

    /// What `looc-tui eval` is asked for: representations and scores, each with commas between.
    pub fn asked(&self) -> [String; 2] {
        let joined = |of: fn(&Column) -> &String| {
            let mut names: Vec<&str> = Vec::new();
            for column in &self.columns {
                if !names.contains(&of(column).as_str()) {
                    names.push(of(column));
                }
            }
            names.join(",")
        };
        [joined(|column| &column.on), joined(|column| &column.score)]
    }
}

/// A variant's name and changes.
fn variant(name: &Value, changes: &Value) -> Result<(String, Vec<String>), String> {
    let Value::String(name) = name else { return Err("variants: a name is a text".into()) };
    let changes = match changes {
        Value::Null => Some(Vec::new()),
        Value::Sequence(list) => {
            list.iter().map(|change| change.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        }
        _ => None,
    };
    let example = "[\"augment.rotation.head=true\"]";
    let changes =
        changes.ok_or_else(|| format!("variants: {name:?} needs a list of changes, as in {example}"))?;
    Ok((name.clone(), changes))
}

/// `MoCo + rotation` → `moco-rotation`.
fn slug(name: &str) -> String {
    let words = name.to_lowercase().replace("++", "pp");
    let words = words.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(in crate::study) fn study(text: &str) -> Result<Study, StudyError> {
        let there = tempfile::tempdir().unwrap();
        let path = there.path().join("mine.yaml");
        std::fs::write(&path, text).unwrap();
        Study::load(&path, None, &[])
    }

    const GOOD: &str = "
seeds: [3, 4]
baseline: MoCo
variants:
  MoCo: [augment.rotation.enabled=false]
  LooC++ rotation:
columns: [{ score: probe }, { score: knn, on: 'z:all', labels: [shape] }, { score: knn }]
";

    #[test]
    fn a_study_is_its_variants_with_what_each_changes() {
        let study = study(GOOD).unwrap();
        let rotates = |variant: &Variant| variant.config.get("augment.rotation.enabled").unwrap();
        assert_eq!(
            study.variants.iter().map(|it| it.slug.as_str()).collect::<Vec<_>>(),
            ["moco", "loocpp-rotation"]
        );
        assert_eq!([rotates(&study.variants[0]), rotates(&study.variants[1])], [false, true]);
        assert_eq!(study.asked(), ["V,z:all".to_owned(), "probe,knn".to_owned()]);
        assert_eq!((study.seeds, study.baseline), (vec![3, 4], 0));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (from, to, words) in [
            ("baseline: MoCo", "baseline: MoCO", "there are MoCo, LooC++ rotation"),
            ("augment.rotation.enabled=false", "augment.turning.enabled=false", "it holds crop"),
            ("seeds: [3, 4]", "seeds: []", "at least one"),
            ("LooC++ rotation:", "moco:", "a name of its own"),
            ("LooC++ rotation:", "LooC: 7", "a list of changes"),
            ("seeds: [3, 4]", "sedes: [3, 4]", "unknown field `sedes`"),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD);
            let message = study(&text).unwrap_err().to_string();
            assert!(message.contains("mine.yaml") && message.contains(words), "{message}");
        }
    }

    #[test]
    fn the_studies_that_are_shipped_are_good() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/studies");
        let mut found = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let study = Study::load(&entry.unwrap().path(), None, &[]).unwrap();
            assert!(study.seeds.len() >= 3);
            found += 1;
        }
        assert!(found >= 2);
    }
}

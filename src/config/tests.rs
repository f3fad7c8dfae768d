use super::{Config, live};
use proptest::prelude::*;
use serde_json::json;

fn refused(text: &str) -> String {
    match Config::parse(text, "mine.yaml", &[]) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}

fn refused_with(text: &str, overrides: &[&str]) -> String {
    let overrides: Vec<String> = overrides.iter().map(|it| (*it).to_owned()).collect();
    Config::parse(text, "mine.yaml", &overrides).expect_err(text).to_string()
}

/// What a message must contain.
fn says(message: &str, wanted: &[&str]) {
    for it in wanted {
        assert!(message.contains(it), "`{it}` is missing in:\n{message}");
    }
}

#[test]
fn a_value_out_of_range_shows_its_line_and_what_is_allowed() {
    let message = refused("model:\n  blocks: 1\n  width: 1000   # too wide\n");
    insta::assert_snapshot!(message);
}

#[test]
fn an_unknown_key_shows_its_line_and_the_known_ones() {
    insta::assert_snapshot!(refused("optimizer: { lr: 0.1, momentun: 0.9 }\n"));
    says(
        &refused("modle: { width: 8 }"),
        &["mine.yaml:1:1", "did you mean `model`?", "allowed: data, augment"],
    );
    says(
        &refused("augment:\n  - kind: color\n    brightnes: 0.2\n"),
        &["mine.yaml:3:5", "`brightness`", "enabled"],
    );
}

#[test]
fn wrong_types_are_told_in_plain_words() {
    says(
        &refused("train:\n  batch: many\n"),
        &["mine.yaml:2:10", "train.batch", "a whole number", "the text \"many\""],
    );
    says(&refused("train: { epochs: [1] }"), &["train.epochs", "a number", "a list"]);
    says(&refused("model: { stem: large }"), &["`large` is not known here", "`imagenet`", "mine.yaml:1:16"]);
    says(
        &refused("contrast: { kind: byol }"),
        &["contrast.kind", "`byol` is not known here", "`simclr`", "mine.yaml:1:19"],
    );
    says(&refused("augment: [{ kind: flip, enabled: yes }]"), &["augment.flip.enabled", "true or false"]);
    says(&refused("augment: [{ kind: crop, scale: [0.2] }]"), &["augment.crop.scale", "two numbers"]);
    says(&refused("augment: { crop: 1 }"), &["a list of augmentations"]);
    says(&refused("- a\n- b\n"), &["keys and values"]);
    says(&refused("model: 3"), &["keys and values", "mine.yaml:1:8"]);
    says(&refused("optimizer: { lr: .nan }"), &["finite", "mine.yaml:1:18"]);
}

#[test]
fn augmentations_that_cannot_be_are_refused_where_they_stand() {
    says(
        &refused("augment:\n  - kind: sharpen\n"),
        &["mine.yaml:2:11", "no augmentation `sharpen`", "rotation"],
    );
    says(&refused("augment:\n  - { p: 0.5 }\n"), &["needs a kind", "mine.yaml:2:5"]);
    says(&refused("augment: [{ kind: flip }, { kind: flip }]"), &["once"]);
    says(
        &refused("augment:\n  - kind: rotation\n  - kind: flip\n"),
        &["mine.yaml:3:5", "flip must come before rotation"],
    );
    says(
        &refused("augment:\n  - kind: crop\n    scale: [0.9, 0.2]\n"),
        &["mine.yaml:3:12", "augment.crop.scale"],
    );
    says(&refused("augment:\n  - kind: rotation\n    angles: [0, 45]\n"), &["mine.yaml:3:17", "45°"]);
    says(
        &refused("augment:\n  - { kind: color, distinct: true }\n"),
        &["mine.yaml:2:20", "no key `distinct`"],
    );
}

#[test]
fn combinations_that_cannot_be_are_refused() {
    says(&refused("train:\n  batch: 30\nmodel:\n  bn_splits: 8\n"), &["mine.yaml:2:10", "bn_splits", "24"]);
    says(&refused("data:\n  kind: cifar10\n"), &["mine.yaml:1:1", "needs a path"]);
    says(&refused("data: { kind: imagenet }"), &["no data set `imagenet`", "cifar10"]);
    says(&refused("data: { train: 100 }\ntrain: { batch: 128 }"), &["more than data.train"]);
    says(&refused("optimizer: { milestones: [0.8, 0.6] }"), &["optimizer.milestones.1", "rising"]);
}

#[test]
fn what_a_configuration_has_no_use_for_is_refused() {
    says(&refused("a: &x [1]\nb: *x\n"), &["an anchor is not read here", "mine.yaml:1:4"]);
    says(&refused("train: !!map { seed: 1 }"), &["a tag is not read here"]);
    says(&refused("train: { seed: 1, seed: 2 }"), &["a second time", "mine.yaml:1:19"]);
    says(&refused("train: {}\n---\neval: {}\n"), &["a second document"]);
    says(&refused("train: { seed: 1\nmodel: [}"), &["this is no YAML", "mine.yaml:"]);
    says(&refused("? [a, b]\n: 1\n"), &["cannot be a key"]);
    says(&refused(&"[".repeat(100_000)), &["recursion limit"]);
    says(&refused(&"- ".repeat(10_000)), &["deep"]);
    assert!(!refused("model: { \"a\u{1b}[2J\": 1 }").contains('\u{1b}'));
    let bomb = format!("a: &a [1]\n{}", "b: [*a, *a]\n");
    says(&refused(&bomb), &["not read here"]);
}

#[test]
fn a_file_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Config::load(Some(&folder.path().join("none.yaml")), &[]).unwrap_err().to_string();
    says(&missing, &["cannot read", "none.yaml", "looc-tui config"]);
    let large = folder.path().join("large.yaml");
    std::fs::write(&large, "#".repeat((1 << 20) + 1)).unwrap();
    says(&Config::load(Some(&large), &[]).unwrap_err().to_string(), &["longer than 1024 KiB"]);
    let binary = folder.path().join("image.yaml");
    std::fs::write(&binary, [b'a', 0xff]).unwrap();
    says(&Config::load(Some(&binary), &[]).unwrap_err().to_string(), &["byte 1 is not UTF-8"]);
}

#[test]
fn overrides_change_one_value_and_are_shown_when_they_are_wrong() {
    let overrides = ["model.width=8", "augment.color.head=false", "train.seed=7"].map(String::from);
    let config = Config::parse("", "mine.yaml", &overrides).unwrap();
    assert_eq!((config.model.width, config.train.seed), (8, 7));
    let color = config.augment.iter().find(|entry| entry.name() == "color").unwrap();
    assert!(!color.head);
    let rest = Config::parse("", "mine.yaml", &[]).unwrap();
    assert_eq!(Config { augment: vec![], ..rest }.data, config.data);

    insta::assert_snapshot!(refused_with("model: { width: 8 }", &["model.width=1000"]));
    says(&refused_with("", &["model.widht=8"]), &["--set:1:1", "did you mean `width`?"]);
    says(&refused_with("", &["augment.texture.p=1"]), &["--set:1:1", "no `texture`", "color"]);
    says(&refused_with("", &["model.width"]), &["the value is missing", "augment.color.head=false"]);
    says(&refused_with("model: { width: 8 }", &["model.width.x=8"]), &["single value"]);
    says(&refused_with("", &["train.batch=[1"]), &["--set:1:", "no YAML"]);
    // The last of several wins, and is the one that is shown.
    says(&refused_with("", &["model.width=8", "model.width=0"]), &["model.width=0"]);
}

#[test]
fn the_shipped_configurations_are_good_and_print_to_themselves() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let mut read = 0;
    // Beside them lies the folder of the studies.
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    for path in files {
        let config = Config::load(Some(&path), &[]).unwrap_or_else(|error| panic!("{error}"));
        for printed in [config.to_yaml(), config.annotated()] {
            assert_eq!(Config::parse(&printed, "printed", &[]).unwrap(), config);
        }
        read += 1;
    }
    assert!(read >= 4);
    assert_eq!(Config::load(None, &[]).unwrap(), Config::quickstart());
    assert!(Config::quickstart().augment.iter().any(|entry| entry.trains_a_head()));
}

/// One value switches the objective of any configuration; heads come and go with it.
#[test]
fn supervised_training_has_no_heads() {
    let config = Config::load(None, &["contrast.kind=supervised".into()]).unwrap();
    assert!(config.augment.iter().all(|entry| !entry.head));
    assert_eq!(Config::parse(&config.to_yaml(), "printed", &[]).unwrap(), config);
    let refused = config.edited("augment.color.head", &json!(true)).unwrap_err().to_string();
    says(&refused, &["supervised trains no heads"]);
    assert!(config.edited("augment.color.head", &json!(false)).is_ok());
}

#[test]
fn the_image_cache_is_a_word_or_a_folder() {
    use crate::data::Cache;
    for (text, cache) in [
        ("auto", Cache::Auto),
        ("off", Cache::Off),
        ("./off", Cache::Folder("./off".into())),
        ("/x", Cache::Folder("/x".into())),
    ] {
        let config = Config::parse(&format!("data: {{ cache: {text} }}"), "mine.yaml", &[]).unwrap();
        assert_eq!(config.data.cache, cache);
        assert_eq!(Config::parse(&config.to_yaml(), "printed", &[]).unwrap(), config);
        assert_eq!(Config::parse("", "mine.yaml", &[format!("data.cache={text}")]).unwrap(), config);
    }
    says(&refused("data: { cache: \"\" }"), &["data.cache", "auto, off or a folder"]);
    says(&refused("data: { memory: -1 }"), &["data.memory"]);
}

#[test]
fn a_live_edit_changes_one_value_or_none() {
    let config = Config::quickstart();
    let edited = config.edited("augment.color.p", &json!(0.25)).unwrap();
    assert_eq!(edited.get("augment.color.p"), Some(json!(0.25)));
    assert_eq!(edited.edited("augment.color.p", &config.get("augment.color.p").unwrap()).unwrap(), config);
    assert_eq!(config.edited("augment.color.p", &json!(3)).unwrap_err().to_string().lines().count(), 1);
    says(&config.edited("augment.color.q", &json!(3)).unwrap_err().to_string(), &["no such value"]);
    for path in [
        "augment.color.enabled",
        "augment.rotation.head",
        "optimizer.lr",
        "contrast.temperature",
        "eval.every",
    ] {
        assert_eq!(live(path), Ok(()), "{path}");
    }
    for path in [
        "augment",
        "augment.color",
        "augment.0.kind",
        "model.width",
        "train.seed",
        "contrast.queue",
        "data",
        "x",
    ] {
        assert!(live(path).is_err(), "{path}");
    }
}

proptest! {
    /// Whatever is edited, what is printed reads as the same.
    #[test]
    fn printing_and_reading_is_the_identity(
        lr in 0.0..10.0f64, temperature in 0.01..2.0f64, p in 0.0..=1.0f64, seed in 0..1u64 << 53, on: bool, head: bool,
    ) {
        let mut config = Config::quickstart();
        config.train.seed = seed;
        for (path, to) in [
            ("optimizer.lr", json!(lr)),
            ("contrast.temperature", json!(temperature)),
            ("augment.color.p", json!(p)),
            ("augment.blur.enabled", json!(on)),
            ("augment.rotation.head", json!(head)),
        ] {
            config = config.edited(path, &to).unwrap();
        }
        let again = Config::parse(&config.to_yaml(), "printed", &[]).unwrap();
        prop_assert_eq!(again.hash(), config.hash());
        prop_assert_eq!(again, config);
    }

    /// No text makes it panic.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z:{}\\[\\],\\-&*! \n\"'#.0-9äß|>?]{0,80}") {
        let _ = Config::parse(&text, "any", &[]).map_err(|error| error.to_string());
    }
}

#[test]
fn a_style_bank_is_needed_by_its_method_and_has_to_be_of_a_folder() {
    let bank = "augment:\n  - kind: texture\n    method: bank\n";
    says(&refused(bank), &["mine.yaml:3:13", "augment.0.method", "data.style_bank"]);
    says(
        &refused("data: { kind: shapes, style_bank: twins }\n"),
        &["mine.yaml:1:35", "image folder's files"],
    );
    let folder = "data: { kind: folder, path: mine, style_bank: twins }\n";
    Config::parse(&format!("{folder}{bank}"), "mine.yaml", &[]).unwrap();
    let late = "augment:\n  - kind: crop\n  - kind: texture\n    method: bank\n";
    says(&refused(&format!("{folder}{late}")), &["mine.yaml:4:5", "first of the list"]);
    let other = refused("augment:\n  - kind: texture\n    method: style\n");
    says(&other, &["mine.yaml:3:13", "filter", "fourier", "bank"]);
}

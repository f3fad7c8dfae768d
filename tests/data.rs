//! `looc-tui data`: what it prints, draws, and how it ends.

use assert_cmd::Command;
use serde_json::Value;
use std::path::Path;

fn data(arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("looc-tui").unwrap();
    command.env_remove("LOOC_DATA").arg("data").args(arguments).assert()
}

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

/// Classes `a` and `b`, ten images of 20 × 24 pixels in each.
fn photos(root: &Path) {
    for (class, name) in ["a", "b"].into_iter().enumerate() {
        std::fs::create_dir_all(root.join(name)).unwrap();
        for place in 0..10 {
            let gray = image::Rgb([51 * (class as u8 + 1); 3]);
            let path = root.join(name).join(format!("{place}.png"));
            image::RgbImage::from_pixel(20, 24, gray).save(path).unwrap();
        }
    }
}

#[test]
fn a_folder_is_counted_and_drawn() {
    let there = tempfile::tempdir().unwrap();
    photos(there.path());
    let (folder, sheet) = (there.path().to_str().unwrap(), there.path().join("sheet.PNG"));
    let text = stdout(&data(&[folder, "--out", sheet.to_str().unwrap()]).success());
    for part in ["kind       folder, in /", "18 train, 2 held out", "20×24 (20); brought to 32×32", "0.3000"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.contains("class (2)") && text.contains("  a                              9         1"));
    let drawn = image::open(sheet).unwrap();
    assert_eq!(drawn.width(), 12 + 8 * (224 + 12));
}

#[test]
fn json_has_the_same_and_damaged_files_with_the_reason() {
    let there = tempfile::tempdir().unwrap();
    photos(there.path());
    std::fs::write(there.path().join("a/empty.png"), "").unwrap();
    let folder = there.path().to_str().unwrap();
    let json: Value = serde_json::from_str(&stdout(&data(&[folder, "--json"]).success())).unwrap();
    assert_eq!(json["kind"], "folder");
    assert_eq!(json["labels"][0]["classes"][1], serde_json::json!({"name": "b", "train": 9, "held_out": 1}));
    assert_eq!(json["damaged"][0]["why"], "the file is empty");
    assert_eq!(json["sizes"][0], serde_json::json!({"width": 20, "height": 24, "images": 20}));
    let strict = data(&[folder, "--set", "data.damaged_share=0"]).code(1);
    assert!(stdout(&strict).contains("a/empty.png"), "it is shown all the same");
    assert!(stderr(&strict).contains("cannot be trained on"));
}

#[test]
fn the_kind_is_told_by_the_files() {
    let there = tempfile::tempdir().unwrap();
    for part in ["train", "t10k"] {
        let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1][..], &[0, 255]].concat();
        std::fs::write(there.path().join(format!("{part}-images-idx3-ubyte")), images).unwrap();
        let labels = [0, 0, 8, 1, 0, 0, 0, 2, 0, 1];
        std::fs::write(there.path().join(format!("{part}-labels-idx1-ubyte")), labels).unwrap();
    }
    let folder = there.path().to_str().unwrap();
    let text = stdout(&data(&[folder]).success());
    assert!(
        text.contains("idx, in") && text.contains("1×1 (4)") && text.contains("deviation  0.5000"),
        "{text}"
    );
    let other = data(&[folder, "--set", "data.kind=stl10"]).code(1);
    assert!(stderr(&other).contains("train_X.bin is not there"));
}

#[test]
fn what_cannot_be_trained_on_is_a_failure_and_a_wrong_configuration_another() {
    let there = tempfile::tempdir().unwrap();
    let folder = there.path().to_str().unwrap();
    assert!(stderr(&data(&[folder]).code(1)).contains("no jpeg, png or webp"));
    image::RgbImage::new(9, 9).save(there.path().join("one.png")).unwrap();
    let one = data(&[folder]).code(1);
    assert!(stdout(&one).contains("9×9 (1)") && stderr(&one).contains("at least 2"));
    data(&[there.path().join("none.yaml").to_str().unwrap()]).code(78);
    photos(there.path());
    let config = there.path().join("mine.yaml");
    let yaml = format!("data: {{ kind: folder, path: {folder:?} }}\ntrain: {{ batch: 64 }}\n");
    std::fs::write(&config, yaml).unwrap();
    assert!(stderr(&data(&[config.to_str().unwrap()]).code(1)).contains("batch of 64"));
}

#[test]
fn the_built_in_set_needs_nothing() {
    let text = stdout(
        &data(&["--set", "data.train=300", "--set", "data.held_out=40", "--set", "train.batch=64"]).success(),
    );
    assert!(text.contains("shapes") && text.contains("300 train, 40 held out"), "{text}");
    for labels in ["shape (", "colour (8)", "texture (5)"] {
        assert!(text.contains(labels), "{labels} in {text}");
    }
}

/// As in `looc-tui data DIR | head -1`: nobody reads the rest, and nothing is wrong with that.
#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let there = tempfile::tempdir().unwrap();
    photos(there.path());
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("looc-tui"))
        .args(["data", there.path().to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr)), (Some(0), "".into()));
}

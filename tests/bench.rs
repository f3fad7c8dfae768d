//! `looc-tui bench`: the figures it prints, and what it refuses.

use assert_cmd::Command;
use looc::nn::kernels::Isa;
use serde_json::Value;

fn bench(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("looc-tui").unwrap().arg("bench").args(arguments).assert()
}

const SMALL: &[&str] = &["--width", "4", "--batch", "8", "--steps", "2", "--queue", "64", "--side", "16"];

#[test]
fn prints_one_line_of_json_with_every_figure() {
    let output = bench(&[SMALL, &["--threads", "1", "--json"]].concat()).success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let figures: Value = serde_json::from_str(&text).unwrap();
    let figures = figures.as_object().unwrap();
    let names: Vec<&str> = figures.keys().map(String::as_str).collect();
    let known = ["peer", "width", "batch", "heads", "step_ms", "images_per_s", "first_step_s", "peak_rss_mb"];
    assert_eq!(names, known);
    let kernels = Isa::preferred().unwrap().name();
    assert_eq!(figures["peer"], format!("looc-tui {} cpu (1 threads, {kernels})", env!("CARGO_PKG_VERSION")));
    for (name, value) in figures.iter().skip(1) {
        let untold = name == "peak_rss_mb" && !cfg!(target_os = "linux");
        assert!(untold || value.as_f64().unwrap() > 0.0, "{name}: {value}");
    }
}

#[test]
fn prints_a_table_of_the_same() {
    let output = bench(SMALL).success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    for part in ["width 4, batch 8, heads 2, images of 16×16", "ms (median of 2)", "images/s", "peak memory"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn views_are_timed_too() {
    let output = bench(&["--views", "--side", "16", "--json"]).success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let figures: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(figures["peer"], concat!("looc-tui ", env!("CARGO_PKG_VERSION")));
    for name in ["us_per_view", "batch_views_per_s"] {
        assert!(figures[name].as_f64().unwrap() > 0.0, "{name}: {text}");
    }
    let output = bench(&["--views", "--side", "16", "--threads", "1"]).success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    for part in ["images of 16×16", "µs with every operation", "views/s"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn refuses_bad_values_and_says_what_is_allowed() {
    for (arguments, told) in [
        (vec!["--batch", "0"], "--batch 0: allowed is 2 to 65536"),
        (vec!["--width", "1000"], "--width 1000: allowed is 4 to 512"),
        (vec!["--side", "7"], "--side 7: allowed is 8 to 4096"),
        (vec!["--side", "16", "--stem", "imagenet"], "--side 16: allowed is 32 to 4096"),
        (vec!["--steps", "0"], "--steps 0"),
        (vec!["--queue", "0"], "--queue 0"),
        (vec!["--threads", "5000"], "--threads 5000"),
        (vec!["--batch", "many"], "--batch"),
        (vec!["--backbone", "vgg"], "resnet18"),
        (vec!["--stem", "mnist"], "imagenet"),
        (vec!["--set", "model.width=8"], "--set"),
        (vec!["--views", "--width", "8"], "--width"),
        (vec!["--views", "--threads", "2"], "leave --threads out"),
    ] {
        let output = bench(&arguments).code(2);
        let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
        assert!(text.contains(told), "{arguments:?}: {text}");
        assert!(output.get_output().stdout.is_empty(), "{arguments:?}");
    }
}

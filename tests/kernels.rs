//! Which kernels compute on the CPU: what `LOOC_CPU` may ask for, who tells, and who refuses.

use assert_cmd::{Command, assert::Assert};
use looc::nn::kernels::Isa;
use std::path::Path;

/// The program in a folder, with `LOOC_CPU`; for none, without it.
fn run(folder: &Path, kernels: Option<&str>, arguments: &[&str]) -> Assert {
    let mut command = Command::cargo_bin("looc-tui").unwrap();
    match kernels {
        Some(kernels) => command.env("LOOC_CPU", kernels),
        None => command.env_remove("LOOC_CPU"),
    };
    command.current_dir(folder).args(arguments).assert()
}

fn text(of: &[u8]) -> String {
    String::from_utf8(of.to_vec()).unwrap()
}

/// The doctor's line about the kernels.
fn doctor(kernels: Option<&str>) -> String {
    let output = run(Path::new("."), kernels, &["doctor"]).success();
    let text = text(&output.get_output().stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("kernels   "));
    line.unwrap_or_else(|| panic!("no line about kernels: {text}")).to_owned()
}

#[test]
fn the_doctor_tells_which_are_taken_and_which_there_are() {
    let names: Vec<&str> = Isa::all().map(Isa::name).collect();
    for unset in [None, Some("")] {
        let told = doctor(unset);
        assert!(told.starts_with(names[0]), "{told}");
        assert!(names.iter().all(|name| told.contains(name)), "{told}");
        assert_eq!(told.contains("LOOC_CPU=NAME takes another"), names.len() > 1, "{told}");
    }
    for name in names {
        let told = doctor(Some(name));
        assert!(told.starts_with(name) && told.ends_with("as LOOC_CPU asks"), "{told}");
    }
    let told = doctor(Some("abacus"));
    assert!(told.contains("LOOC_CPU is abacus, which names no kernels"), "{told}");
    // Of another processor.
    let told = doctor(Some("avx512"));
    assert!(told.starts_with("avx512") || told.contains("which this processor does not have"), "{told}");
}

#[test]
fn what_is_not_there_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["train", "--steps", "1", "--run", "made"][..], &["bench", "--steps", "1"]] {
        let output = run(folder.path(), Some("abacus"), arguments).code(78);
        let told = text(&output.get_output().stderr);
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains("LOOC_CPU is abacus") && told.contains("unset it"), "{told}");
        assert!(output.get_output().stdout.is_empty());
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was written");
}

/// Every kind trains, and the run's journal says which it was.
#[test]
fn a_run_remembers_its_kernels() {
    let folder = tempfile::tempdir().unwrap();
    let small = "model.width=4 data.train=64 data.held_out=16 train.batch=8 contrast.queue=64 eval.every=0 eval.images=16 model.bn_splits=2";
    for isa in Isa::all() {
        let mut arguments = vec!["train", "--threads", "1", "--steps", "1", "--run", isa.name()];
        arguments.extend(small.split(' ').flat_map(|set| ["--set", set]));
        run(folder.path(), Some(isa.name()), &arguments).success();
        let journal = std::fs::read_to_string(folder.path().join(isa.name()).join("journal.jsonl")).unwrap();
        let compute = format!("\"cpu ({})\"", isa.name());
        assert!(journal.contains(&compute), "{journal}");
    }
}

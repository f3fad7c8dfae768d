//! Configurations made to hurt: each is refused by the program at once, and nothing is made.

use assert_cmd::Command;
use std::{
    fs,
    time::{Duration, Instant},
};

/// A second, and what a busy machine adds.
const PROMPT: Duration = Duration::from_secs(20);

#[test]
fn hostile_configurations_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let huge = fs::File::create(folder.path().join("huge.yaml")).unwrap();
    huge.set_len(1 << 30).unwrap();
    write("long.yaml", &"# nothing\n".repeat(8 << 20));
    let levels =
        (1..30).map(|level| format!("l{level}: &l{level} [{}]\n", format!("*l{}, ", level - 1).repeat(9)));
    write("laughs.yaml", &format!("l0: &l0 [lol]\n{}", levels.collect::<String>()));
    write("merge.yaml", &format!("a: &a {{ b: 1 }}\n{}", "c: { <<: *a }\n".repeat(20_000)));
    write("lists.yaml", &"[".repeat(100_000));
    write("maps.yaml", &"{a: ".repeat(100_000));
    write("dashes.yaml", &"- ".repeat(100_000));
    write("keys.yaml", &"? ".repeat(100_000));
    let lines: String = (0..100_000).map(|depth| format!("{}a:\n", " ".repeat(depth % 5))).collect();
    write("lines.yaml", &lines);
    write("quoted.yaml", &format!("a: \"{}", "\\u0041".repeat(100_000)));
    write("many.yaml", &(0..60_000).map(|key| format!("k{key}: 1\n")).collect::<String>());
    write("nan.yaml", "optimizer: { lr: .nan }\n");
    write("infinite.yaml", "optimizer: { lr: .inf }\n");
    write("number.yaml", &format!("optimizer: {{ lr: {} }}\n", "9".repeat(500_000)));
    write("exponent.yaml", "optimizer: { lr: 1e999999999 }\n");
    write("binary.yaml", "\0\x01\x02");
    let mut slowest = (Duration::ZERO, String::new());
    let entries: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(entries.len(), 16);
    for name in entries {
        let name = name.into_string().unwrap();
        let since = Instant::now();
        let mut command = Command::cargo_bin("looc-tui").unwrap();
        let ended = command
            .args(["train", &name, "--steps", "1", "--run", "run"])
            .current_dir(folder.path())
            .assert();
        let took = since.elapsed();
        let said = String::from_utf8_lossy(&ended.get_output().stderr).into_owned();
        assert_eq!(ended.get_output().status.code(), Some(78), "{name}: {said}");
        assert!(took < PROMPT, "{name} took {took:?}");
        assert!(said.len() < 4000, "{name}: {} bytes are no sentence", said.len());
        slowest = slowest.max((took, name));
    }
    println!("the slowest of them, {}, was refused after {:.3?}", slowest.1, slowest.0);
    assert!(!folder.path().join("run").exists(), "nothing was made");
}

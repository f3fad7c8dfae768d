use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn a_new_run_is_whole_private_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/run");
    let mut run = create(&path);
    assert_eq!(names(&path), ["config.yaml", "journal.jsonl", "lock", "manifest.json", "metrics.jsonl"]);
    for name in names(&path) {
        assert_eq!(fs::metadata(path.join(&name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!((run.config_yaml().unwrap().as_str(), run.records()), (YAML, &[][..]));
    assert!(run.newest().unwrap().is_none());
    let started = Entry::Start {
        version: "1".into(),
        build: None,
        steps: 9,
        compute: "cpu".into(),
        threads: None,
        data: None,
    };
    let record = run.journal().append(0, started).unwrap();
    run.metrics().record(1, 0.5, [("loss", 2.0)]).unwrap();
    run.save(&checkpoint(1)).unwrap();
    let manifest = run.manifest().clone();
    drop(run);

    fs::write(path.join(".config.yaml.0123.tmp"), "half").unwrap();
    fs::create_dir(path.join("checkpoints/.step-00000002.0123.tmp")).unwrap();
    assert_eq!(newest(&path).unwrap().unwrap().0, checkpoint(1));
    assert!(path.join(".config.yaml.0123.tmp").exists(), "swept only under the lock");
    let run = RunDir::open(&path).unwrap();
    assert_eq!((run.manifest(), run.records()), (&manifest, &[record][..]));
    assert_eq!((manifest.seed, manifest.config.as_str(), manifest.format), (7, "c0ffee", 1));
    assert!(!path.join(".config.yaml.0123.tmp").exists());
    assert_eq!(names(&path.join("checkpoints")), ["step-00000001"]);
    assert_eq!(run.newest().unwrap(), Some((checkpoint(1), vec![])));
}

#[test]
fn a_run_is_made_in_no_other_run_and_among_no_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    drop(create(&path));
    let before = fs::read(path.join("manifest.json")).unwrap();
    let again = RunDir::create(&path, "", "", 0).unwrap_err();
    assert!(matches!(again, RunError::AlreadyARun(_)) && again.to_string().contains("--resume"));
    assert_eq!(fs::read(path.join("manifest.json")).unwrap(), before);

    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("config.yaml"), "mine").unwrap();
    assert!(matches!(RunDir::create(&foreign, "", "", 0), Err(RunError::NotEmpty(_))));
    assert_eq!(names(&foreign), ["config.yaml"]);
    assert!(matches!(RunDir::open(&foreign), Err(RunError::NotARun { .. })));
    assert_eq!(names(&foreign), ["config.yaml"]);

    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(RunDir::create(&file, "", "", 0), Err(RunError::Io { .. })));
    symlink(folder.path().join("nowhere"), folder.path().join("link")).unwrap();
    assert!(matches!(RunDir::create(&folder.path().join("link"), "", "", 0), Err(RunError::Io { .. })));
}

#[test]
fn what_a_process_killed_while_making_a_run_left_is_made_whole() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    fs::remove_file(folder.path().join("manifest.json")).unwrap();
    fs::write(folder.path().join(".manifest.json.01.tmp"), "{").unwrap();
    drop(create(folder.path()));
    assert!(!folder.path().join(".manifest.json.01.tmp").exists());
    // With a word in its journal it was more than a beginning.
    let mut run = RunDir::open(folder.path()).unwrap();
    run.journal().append(1, Entry::Pause).unwrap();
    drop(run);
    fs::remove_file(folder.path().join("manifest.json")).unwrap();
    let error = RunDir::create(folder.path(), YAML, "", 0).unwrap_err();
    assert!(matches!(error, RunError::NotEmpty(_)), "{error}");
}

#[test]
fn a_manifest_of_another_format_or_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    let path = folder.path().join("manifest.json");
    fs::write(&path, r#"{"format": 2, "program": "looc-tui 9.0\u001b[2J", "other": []}"#).unwrap();
    let error = RunDir::open(folder.path()).unwrap_err();
    assert!(matches!(error, RunError::Format { format: 2, .. }));
    assert!(error.to_string().ends_with("open it with looc-tui 9.0\\u{1b}[2J"), "{error}");
    for bad in ["", "{", "[]", r#"{"format": 1}"#, r#"{"format": -1}"#, "\u{1b}"] {
        fs::write(&path, bad).unwrap();
        assert!(matches!(RunDir::open(folder.path()), Err(RunError::NotARun { .. })), "{bad}");
    }
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    assert!(matches!(RunDir::open(folder.path()), Err(RunError::NotARun { .. })));
}

#[test]
fn two_that_ask_for_the_next_directory_at_once_get_two() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("runs");
    let ask = || (0..8).map(|_| default_path(&root).unwrap()).collect::<Vec<_>>();
    let mut paths = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        askers.into_iter().flat_map(|asker| asker.join().unwrap()).collect::<Vec<_>>()
    });
    paths.sort();
    assert_eq!(paths, (1..=32).map(|n| root.join(format!("r{n:04}"))).collect::<Vec<_>>());
    // An earlier number that is free stays free.
    fs::remove_dir(root.join("r0003")).unwrap();
    for name in ["r12345", "rx", "r", "r+99999", "r99999999999999999999", "r4294967295"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    assert_eq!(default_path(&root).unwrap(), root.join("r12346"));
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("\u{1b}[2J");
    drop(create(&path));
    fs::remove_file(path.join("config.yaml")).unwrap();
    let run = RunDir::open(&path).unwrap();
    let said = run.config_yaml().unwrap_err().to_string();
    assert!(said.starts_with("cannot read ") && said.contains("\\u{1b}[2J/config.yaml: "), "{said}");
    assert!(said.ends_with("; restore it, or choose another directory with --run"), "{said}");
    let full = RunError::io("save", &path)(std::io::ErrorKind::StorageFull.into());
    assert!(full.to_string().contains("make room"), "{full}");
}

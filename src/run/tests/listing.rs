use super::*;

fn stop(reason: StopReason) -> Entry {
    Entry::Stop { reason, why: Some("said\u{1b}".into()) }
}

fn start() -> Entry {
    Entry::Start {
        version: "0.1.0".into(),
        build: None,
        steps: 500,
        compute: "cpu".into(),
        threads: None,
        data: None,
    }
}

#[test]
fn a_runs_state_follows_from_its_lock_and_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut run = create(path);
    let state = || Summary::read(path).unwrap().state;
    assert_eq!(state(), State::Starting);
    for (entry, held) in [
        (start(), State::Training),
        (Entry::Pause, State::Paused),
        (Entry::State { hash: "1".into(), revision: 0 }, State::Paused),
        (Entry::Resume, State::Training),
        (stop(StopReason::Finished), State::Starting),
        (start(), State::Training),
    ] {
        run.journal().append(3, entry).unwrap();
        assert_eq!(state(), held);
    }
    drop(run);
    assert_eq!(state(), State::Killed);
    for (reason, ended) in [
        (StopReason::Finished, State::Finished),
        (StopReason::Stopped, State::Stopped),
        (StopReason::Failed, State::Failed),
    ] {
        RunDir::open(path).unwrap().journal().append(4, stop(reason)).unwrap();
        assert_eq!(state(), ended);
    }
    assert_eq!(format!("{:>9}", State::Paused), "   paused");
}

#[test]
fn a_list_has_every_run_and_an_error_for_each_that_cannot_be_read() {
    let root = tempfile::tempdir().unwrap();
    assert!(list(&root.path().join("none")).is_empty());
    let at = |name: &str| root.path().join(name);
    let mut run = create(&at("r0002"));
    run.journal().append(0, start()).unwrap();
    let edit = Entry::Edit {
        path: "optimizer.lr".into(),
        from: "1".into(),
        to: "2".into(),
        revision: 1,
        config: "c".into(),
    };
    run.journal().append(6, edit).unwrap();
    run.metrics().record(7, 3.5, [("loss", 2.5), ("invariance/all/color", 0.75)]).unwrap();
    run.metrics().flush().unwrap();
    run.journal().append(7, stop(StopReason::Failed)).unwrap();
    drop(create(&at("r0001")));
    drop(create(&at("r0003")));
    fs::write(at("r0003").join("manifest.json"), "{").unwrap();
    drop(create(&at("r0004")));
    fs::write(at("r0004").join("journal.jsonl"), "rot\n").unwrap();
    fs::create_dir(at("r0005")).unwrap();
    fs::write(at("notes.txt"), "").unwrap();

    let runs = list(root.path());
    assert_eq!(runs.len(), 4);
    assert_eq!(runs[0].as_ref().unwrap().state, State::Killed);
    let summary = runs[1].as_ref().unwrap();
    assert_eq!((summary.step, summary.steps, summary.edits, summary.time), (7, 500, 1, 3.5));
    assert_eq!((summary.figure("loss"), summary.figure("invariance/all/color")), (Some(2.5), Some(0.75)));
    assert_eq!((summary.config.as_str(), summary.figure("knn")), ("shapes, heads color", None));
    assert_eq!(summary.why.as_deref(), Some("said\\u{1b}"));
    assert_eq!(summary.holder.as_ref().unwrap().pid, std::process::id());
    assert!(matches!(runs[2], Err(RunError::NotARun { .. })));
    assert!(matches!(runs[3], Err(RunError::Damaged { line: 1, .. })));
}

#[test]
fn a_configuration_that_cannot_be_read_does_not_hide_the_run() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    let bomb: String =
        (1..30).map(|n| format!("l{n}: &l{n} [{}]\n", format!("*l{},", n - 1).repeat(9))).collect();
    let bomb = format!("l0: &l0 [a]\n{bomb}");
    for yaml in ["", "- 1", "a: [", "augment: 3\ndata: x", "data: {kind: \"\\e[2J\"}", &bomb, "&a [*a]"] {
        fs::write(folder.path().join("config.yaml"), yaml).unwrap();
        let line = Summary::read(folder.path()).unwrap().config;
        assert!(line.ends_with(", no heads") && !line.contains('\u{1b}'), "{line}");
    }
}

use super::*;
use crate::run::seal;
use std::io::{BufRead, BufReader};

fn in_run(test: impl FnOnce(&Path, &mut RunDir)) {
    let folder = tempfile::tempdir().unwrap();
    let mut run = create(folder.path());
    test(&folder.path().join("checkpoints"), &mut run);
}

#[test]
fn what_was_saved_comes_back_bit_for_bit_and_the_newest_three_stay() {
    in_run(|folder, run| {
        for step in 1..=5 {
            let path = run.save(&checkpoint(step * 100)).unwrap();
            assert_eq!(path, folder.join(format!("step-{:08}", step * 100)));
            assert_eq!(run.newest().unwrap(), Some((checkpoint(step * 100), vec![])));
            assert_eq!(names(folder).len(), step.min(3) as usize);
        }
        assert_eq!(names(folder), ["step-00000300", "step-00000400", "step-00000500"]);
        assert_eq!(
            names(&folder.join("step-00000500")),
            ["config.yaml", "manifest.json", "state.safetensors"]
        );
        assert!(run.warnings().is_empty());
    });
}

#[test]
fn those_before_the_last_edits_of_heads_stay() {
    in_run(|folder, run| {
        for step in 1..=12 {
            run.save(&checkpoint(step)).unwrap();
            if step % 2 == 0 && step <= 10 {
                run.keep(step);
            }
        }
        let steps: Vec<u64> =
            names(folder).iter().map(|name| name.trim_start_matches("step-").parse().unwrap()).collect();
        // Of five the last four, and the newest three of all.
        assert_eq!(steps, [4, 6, 8, 10, 11, 12]);
    });
}

#[test]
fn a_second_one_of_a_step_does_not_replace_the_first() {
    in_run(|folder, run| {
        run.save(&checkpoint(9)).unwrap();
        let edited = Checkpoint { config_yaml: "edited".into(), ..checkpoint(9) };
        run.save(&edited).unwrap();
        assert_eq!(names(folder), ["step-00000009", "step-00000009.2"]);
        assert_eq!(run.newest().unwrap().unwrap().0, edited);
        (3..12).for_each(|_| drop(run.save(&edited).unwrap()));
        assert_eq!(names(folder), ["step-00000009.10", "step-00000009.11", "step-00000009.9"]);
        assert!(run.newest().unwrap().is_some());
    });
}

#[test]
fn steps_beyond_eight_digits_are_in_order() {
    in_run(|_, run| {
        run.save(&checkpoint(1_000_000_000)).unwrap();
        run.save(&checkpoint(99_999_999)).unwrap();
        assert_eq!(run.newest().unwrap().unwrap().0.step, 1_000_000_000);
    });
}

/// Damages the newest of two, sees that the one before is given with a word on it, and puts it right.
fn falls_back(folder: &Path, run: &RunDir, what: &str) {
    let Some((found, warnings)) = run.newest().unwrap() else { panic!("{what}: nothing") };
    assert_eq!(found, checkpoint(1), "{what}");
    assert!(
        warnings.len() == 1 && warnings[0].contains("step-00000002 is damaged ("),
        "{what}: {warnings:?}"
    );
    assert!(warnings[0].ends_with("set aside as step-00000002.damaged-1"), "{what}: {warnings:?}");
    fs::rename(folder.join("step-00000002.damaged-1"), folder.join("step-00000002")).unwrap();
}

#[test]
fn cut_or_flipped_at_each_offset_it_is_seen_and_the_one_before_is_taken() {
    in_run(|folder, run| {
        run.save(&checkpoint(1)).unwrap();
        let newest = run.save(&checkpoint(2)).unwrap();
        for name in ["state.safetensors", "config.yaml", "manifest.json"] {
            let path = newest.join(name);
            let whole = fs::read(&path).unwrap();
            for at in 0..whole.len() {
                fs::write(&path, &whole[..at]).unwrap();
                falls_back(folder, run, &format!("{name} cut at {at}"));
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << (at % 8);
                // The checksum's own digits mean the same in either case.
                if !flipped.eq_ignore_ascii_case(&whole) || name != "manifest.json" {
                    fs::write(&path, &flipped).unwrap();
                    falls_back(folder, run, &format!("{name} flipped at {at}"));
                }
            }
            fs::write(&path, [&whole[..], b"\n"].concat()).unwrap();
            falls_back(folder, run, &format!("{name} longer"));
            fs::remove_file(&path).unwrap();
            falls_back(folder, run, &format!("{name} missing"));
            fs::create_dir(&path).unwrap();
            falls_back(folder, run, &format!("{name} a folder"));
            fs::remove_dir(&path).unwrap();
            fs::write(&path, &whole).unwrap();
        }
        assert_eq!(run.newest().unwrap(), Some((checkpoint(2), vec![])));
    });
}

/// Puts other bytes into the state, and hashes that fit: somebody meant it.
fn forge(path: &Path, state: &[u8]) {
    fs::write(path.join("state.safetensors"), state).unwrap();
    let text = fs::read(path.join("manifest.json")).unwrap();
    let object = seal::unseal(text.strip_suffix(b"\n").unwrap()).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_slice(&object).unwrap();
    manifest["state"]["bytes"] = state.len().into();
    manifest["state"]["blake3"] = blake3::hash(state).to_hex().to_string().into();
    fs::write(path.join("manifest.json"), seal::seal(&manifest.to_string()) + "\n").unwrap();
}

#[test]
fn a_hostile_state_under_a_right_hash_is_refused() {
    let header = |text: &str, data: usize| {
        [&(text.len() as u64).to_le_bytes(), text.as_bytes(), &vec![0; data]].concat()
    };
    let hostile = [
        [&(1u64 << 63).to_le_bytes()[..], b"{}"].concat(),
        header(
            r#"{"a.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},
                "b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#,
            16,
        ),
        // One tensor is missing.
        header(r#"{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4),
        Vec::new(),
    ];
    for (number, state) in hostile.iter().enumerate() {
        in_run(|folder, run| {
            run.save(&checkpoint(1)).unwrap();
            forge(&run.save(&checkpoint(2)).unwrap(), state);
            falls_back(folder, run, &format!("number {number}"));
        });
    }
}

#[test]
fn damaged_ones_do_not_count_among_those_that_stay() {
    in_run(|folder, run| {
        for step in 1..=3 {
            run.save(&checkpoint(step)).unwrap();
        }
        for name in ["step-00000002", "step-00000003"] {
            fs::write(folder.join(name).join("config.yaml"), "other").unwrap();
        }
        let (found, warnings) = run.newest().unwrap().unwrap();
        assert_eq!((found.step, warnings.len()), (1, 2));
        run.save(&checkpoint(2)).unwrap();
        run.save(&checkpoint(3)).unwrap();
        let stay = ["step-00000001", "step-00000002", "step-00000003"];
        assert!(stay.iter().all(|name| names(folder).contains(&(*name).to_owned())));
        assert_eq!(run.newest().unwrap(), Some((checkpoint(3), vec![])));
    });
}

#[test]
fn with_none_that_is_good_it_is_an_error_that_names_them() {
    in_run(|folder, run| {
        run.save(&checkpoint(1)).unwrap();
        fs::write(folder.join("step-00000001/config.yaml"), "other").unwrap();
        // A reader without the lock changes nothing.
        assert!(newest(run.path()).unwrap_err().to_string().contains("config.yaml was changed"));
        assert_eq!(names(folder), ["step-00000001"]);
        assert!(matches!(run.newest(), Err(RunError::NoGoodCheckpoint { why, .. }) if why.len() == 1));
    });
}

#[test]
fn another_versions_checkpoint_is_refused_not_passed_over() {
    in_run(|_, run| {
        run.save(&checkpoint(1)).unwrap();
        let path = run.save(&checkpoint(2)).unwrap();
        fs::write(path.join("manifest.json"), seal::seal(r#"{"format":2,"program":"looc-tui 9"}"#) + "\n")
            .unwrap();
        assert!(matches!(run.newest(), Err(RunError::Format { format: 2, .. })));
        assert!(path.exists());
    });
}

#[test]
fn an_unsound_state_or_a_full_disk_leaves_what_was_there() {
    in_run(|folder, run| {
        run.save(&checkpoint(1)).unwrap();
        let mut bad = checkpoint(2);
        bad.tensors[0].1 = vec![5];
        let error = run.save(&bad).unwrap_err();
        assert!(matches!(error, RunError::Unsound { step: 2, .. }), "{error}");
        // A file in the folder's place: nothing can be written there.
        let kept = folder.with_extension("kept");
        fs::rename(folder, &kept).unwrap();
        fs::write(folder, "").unwrap();
        assert!(matches!(run.save(&checkpoint(2)), Err(RunError::Io { .. })));
        fs::remove_file(folder).unwrap();
        fs::rename(kept, folder).unwrap();
        assert_eq!(names(folder), ["step-00000001"]);
        run.save(&checkpoint(2)).unwrap();
    });
}

#[test]
fn killed_at_any_moment_what_was_acknowledged_is_there() {
    if let Some((_, folder)) = role() {
        let mut run = RunDir::open(&folder).unwrap();
        let step = run.newest().unwrap().map_or(0, |(found, _)| found.step);
        for step in step + 1.. {
            run.save(&checkpoint(step)).unwrap();
            println!("\nsaved {step}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    for round in 1..=12 {
        let name = "checkpoints::killed_at_any_moment_what_was_acknowledged_is_there";
        let mut saver = child(name, "saver", folder.path());
        let lines = BufReader::new(saver.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut saved = lines.filter_map(|line| line.strip_prefix("saved ")?.parse::<u64>().ok());
        let mut acknowledged = saved.nth(round).unwrap();
        std::thread::sleep(std::time::Duration::from_micros(371 * round as u64));
        saver.kill().unwrap();
        saver.wait().unwrap();
        acknowledged = saved.last().unwrap_or(acknowledged);
        let run = RunDir::open(folder.path()).unwrap();
        let (found, warnings) = run.newest().unwrap().unwrap();
        assert!(found.step >= acknowledged, "{} < {acknowledged}", found.step);
        assert_eq!((&found, warnings), (&checkpoint(found.step), vec![]));
        assert!(names(&folder.path().join("checkpoints")).len() >= 2);
    }
}

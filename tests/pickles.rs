//! Python's pickles run code when they are read. None is: not where a checkpoint, a run, a data set or a
//! configuration is asked for, and not under the name of a checkpoint's own file.

#[path = "common/record.rs"]
#[expect(dead_code, reason = "these tests change no journal")]
mod record;

use record::{copy, rewrite_facts, rewrite_manifest, tree};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Longer than a command takes that reads nothing.
const PATIENCE: Duration = Duration::from_secs(120);
const CHECKPOINT: &str = "checkpoints/step-00000003";

/// `pickle.dumps` of an object whose `__reduce__` is `(os.system, ("touch pwned",))`.
const PICKLE: &[u8] = b"\x80\x02cposix\nsystem\nX\x0b\x00\x00\x00touch pwned\x85R.";

/// What `torch.save` writes: a zip with the pickle and the tensors' bytes, stored.
fn torch() -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    let parts: [(&str, &[u8]); 2] = [("archive/data.pkl", PICKLE), ("archive/data/0", &[0; 64])];
    for (name, bytes) in parts {
        let at = file.len() as u32;
        let size = (bytes.len() as u32).to_le_bytes();
        let head = [&[0; 8][..], &crc32fast::hash(bytes).to_le_bytes(), &size, &size].concat();
        let length = (name.len() as u16).to_le_bytes();
        file.extend([b"PK\x03\x04\x0a\0", &head[..], &length, &[0; 2], name.as_bytes(), bytes].concat());
        let head = [&head[..], &length, &[0; 12], &at.to_le_bytes(), name.as_bytes()].concat();
        directory.extend([b"PK\x01\x02\x0a\0\x0a\0", &head[..]].concat());
    }
    let (at, size) = ((file.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    let end = [b"PK\x05\x06\0\0\0\0\x02\0\x02\0", &size[..], &at, &[0; 2]].concat();
    [file, directory, end].concat()
}

fn looc(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = assert_cmd::Command::cargo_bin("looc-tui").unwrap();
    command.current_dir(folder).env("LOOC_CPU", "portable").env_remove("LOOC_DATA").args(arguments);
    let output = command.timeout(PATIENCE).output().unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("{arguments:?} did not end by itself"));
    (code, String::from_utf8(output.stderr).unwrap())
}

/// A run of three steps, as if this program had recorded it.
fn recorded(folder: &Path) -> PathBuf {
    let run = folder.join("run");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run"), &run);
    rewrite_facts(&run.join(CHECKPOINT), |facts| {
        facts["version"] = env!("CARGO_PKG_VERSION").into();
        facts.shift_remove("build");
    });
    run
}

/// Wherever a run or a checkpoint of it is named.
fn of_runs(file: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["eval", file],
        vec!["eval", "run", "--checkpoint", file],
        vec!["train", "--resume", "--run", file],
        vec!["replay", file],
        vec!["fork", file],
        vec!["export", file, "--format", "csv"],
        vec!["export", "run", "--with", file, "--format", "csv"],
        vec!["stop", file],
        vec!["attach", file],
    ]
}

#[test]
fn no_command_takes_one() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path());
    let batches = folder.path().join("cifar-10-batches-py");
    fs::create_dir(&batches).unwrap();
    for name in ["data_batch_1", "test_batch"] {
        fs::write(batches.join(name), PICKLE).unwrap();
    }
    let files = [("model.pkl", PICKLE.to_vec()), ("model.pth", PICKLE.to_vec()), ("model.pt", torch())];
    files.iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
    let before = tree(folder.path());
    for (file, _) in &files {
        let path = format!("data.path={file}");
        let mut commands = of_runs(file);
        commands.extend([vec!["train", file], vec!["data", file], vec!["study", file]]);
        for kind in ["data.kind=folder", "data.kind=cifar10", "data.kind=stl10", "data.kind=idx"] {
            commands.push(vec!["train", "--run", "new", "--set", kind, "--set", &path]);
        }
        for command in commands {
            let (code, said) = looc(folder.path(), &command);
            assert_ne!(code, 0, "{command:?} took it");
            assert!(said.contains(file) && !said.contains("panicked"), "{command:?}: {said}");
        }
    }
    // CIFAR's own pickles: its binary version is what is read.
    let batches = ["--set", "data.kind=cifar10", "--set", "data.path=cifar-10-batches-py"];
    let (code, said) = looc(folder.path(), &[&["train", "--run", "new"], &batches[..]].concat());
    assert!(code != 0 && said.contains("cifar-10-batches-py"), "{said}");
    assert!(tree(folder.path()) == before, "something was made or changed");
}

/// Where a run or a checkpoint is named, a file is not even opened: a pipe would never end.
#[test]
fn it_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path());
    let pipe = folder.path().join("model.pt");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    for command in of_runs("model.pt") {
        let (code, said) = looc(folder.path(), &command);
        assert!(code != 0 && said.contains("model.pt"), "{command:?}: {said}");
    }
}

/// In a checkpoint's folder: beside its state, in its place, and under its name with hashes that are right.
#[test]
fn under_a_checkpoints_name_it_is_refused_by_its_header() {
    let refused = |change: &dyn Fn(&Path), word: &str| {
        let folder = tempfile::tempdir().unwrap();
        let run = recorded(folder.path());
        change(&run.join(CHECKPOINT));
        for command in [&["eval", "run"][..], &["fork", "run"], &["train", "--resume", "--run", "run"]] {
            let (code, said) = looc(folder.path(), command);
            assert!(code != 0 && said.contains(word), "{command:?}: {said}");
        }
        assert!(tree(folder.path()).keys().all(|name| !name.ends_with("pwned")));
        assert!(!folder.path().join("r0001").exists() && !folder.path().join("runs").exists());
    };
    for bytes in [PICKLE.to_vec(), torch()] {
        let in_its_place = |checkpoint: &Path| {
            fs::remove_file(checkpoint.join("state.safetensors")).unwrap();
            fs::write(checkpoint.join("state.pt"), &bytes).unwrap();
        };
        refused(&in_its_place, "state.safetensors: ");
        let hash = blake3::hash(&bytes).to_hex().to_string();
        let under_its_name = |checkpoint: &Path| {
            fs::write(checkpoint.join("state.safetensors"), &bytes).unwrap();
            rewrite_manifest(checkpoint, |manifest| {
                manifest["state"]["bytes"] = bytes.len().into();
                manifest["state"]["blake3"] = hash.clone().into();
            });
        };
        refused(&under_its_name, "state.safetensors: ");
    }
    // One that lies beside it is nobody's.
    let folder = tempfile::tempdir().unwrap();
    let run = recorded(folder.path());
    fs::write(run.join(CHECKPOINT).join("state.pt"), PICKLE).unwrap();
    let (code, said) = looc(folder.path(), &["train", "--resume", "--run", "run"]);
    assert_eq!(code, 0, "{said}");
    assert!(!folder.path().join("pwned").exists());
}

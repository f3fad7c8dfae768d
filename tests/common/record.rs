//! A run's files in a test: copied, compared, and changed by somebody who knows how they are sealed.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A directory and all that is in it.
pub fn copy(from: &Path, to: &Path) {
    for (name, bytes) in tree(from) {
        let target = to.join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
}

/// Every file below a directory.
pub fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(root).unwrap().to_path_buf(), fs::read(path).unwrap());
            }
        }
    }
    files
}

fn seal(object: &Value) -> String {
    let text = object.to_string();
    format!("{},\"check\":\"{:08x}\"}}\n", &text[..text.len() - 1], crc32fast::hash(text.as_bytes()))
}

fn unsealed(line: &str) -> Value {
    let mut object: Value = serde_json::from_str(line).unwrap();
    object.as_object_mut().unwrap().shift_remove("check").unwrap();
    object
}

/// The journal's records, without their checksums.
pub fn journal(run: &Path) -> Vec<Value> {
    fs::read_to_string(run.join("journal.jsonl")).unwrap().lines().map(unsealed).collect()
}

/// Changes a run's journal and seals every line of it anew.
pub fn rewrite_journal(run: &Path, change: impl FnOnce(&mut Vec<Value>)) {
    let mut records = journal(run);
    change(&mut records);
    for (at, record) in records.iter_mut().enumerate() {
        record["seq"] = (at + 1).into();
    }
    fs::write(run.join("journal.jsonl"), records.iter().map(seal).collect::<String>()).unwrap();
}

/// Changes what a checkpoint says beside its tensors, and seals it anew.
pub fn rewrite_facts(checkpoint: &Path, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    rewrite_manifest(checkpoint, |manifest| change(manifest["facts"].as_object_mut().unwrap()));
}

/// Changes a checkpoint's manifest, and seals it anew.
pub fn rewrite_manifest(checkpoint: &Path, change: impl FnOnce(&mut Value)) {
    let path = checkpoint.join("manifest.json");
    let mut manifest = unsealed(&fs::read_to_string(&path).unwrap());
    change(&mut manifest);
    fs::write(path, seal(&manifest)).unwrap();
}

/// Makes the values of a checkpoint's tensors zero where `chosen` says so by their names, under right hashes.
pub fn forget(checkpoint: &Path, chosen: impl Fn(&str) -> bool) {
    let path = checkpoint.join("state.safetensors");
    let mut state = fs::read(&path).unwrap();
    let length = u64::from_le_bytes(state[..8].try_into().unwrap()) as usize;
    let header: serde_json::Map<String, Value> = serde_json::from_slice(&state[8..8 + length]).unwrap();
    let offset = |info: &Value, end: usize| 8 + length + info["data_offsets"][end].as_u64().unwrap() as usize;
    let of: Vec<&Value> = header.iter().filter(|(name, _)| chosen(name)).map(|(_, info)| info).collect();
    assert!(!of.is_empty(), "no such tensor");
    for info in of {
        state[offset(info, 0)..offset(info, 1)].fill(0);
    }
    let hash = blake3::hash(&state).to_hex().to_string();
    fs::write(path, state).unwrap();
    rewrite_manifest(checkpoint, |manifest| manifest["state"]["blake3"] = hash.into());
}

use super::*;
use std::io::{BufRead, BufReader};

#[test]
fn a_second_process_is_told_who_holds_the_run_and_a_dead_one_holds_nothing() {
    if let Some((_, folder)) = role() {
        let _run = RunDir::open(&folder).unwrap();
        println!("\nheld");
        // Until the pipe is closed, or a kill.
        std::io::stdin().lines().for_each(drop);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    assert_eq!(holder(folder.path()), None);
    let name = "lock::a_second_process_is_told_who_holds_the_run_and_a_dead_one_holds_nothing";
    let mut other = child(name, "holder", folder.path());
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "held"));

    let held = RunDir::open(folder.path()).unwrap_err();
    assert!(matches!(&held, RunError::Held { holder, .. } if holder.pid == other.id()), "{held}");
    assert!(held.to_string().contains(&format!("process {}", other.id())), "{held}");
    assert_eq!(holder(folder.path()).unwrap().pid, other.id());
    // A second lister finds the same, and neither disturbs the holder.
    assert_eq!(holder(folder.path()).unwrap().pid, other.id());

    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(holder(folder.path()), None);
    RunDir::open(folder.path()).unwrap();
}

#[test]
fn a_moved_deleted_or_replaced_directory_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let mut run = create(&here);
    run.in_place().unwrap();
    fs::rename(&here, &there).unwrap();
    assert!(matches!(run.in_place(), Err(RunError::Moved(_))));
    let _other = create(&here);
    assert!(matches!(run.save(&checkpoint(1)), Err(RunError::Moved(_))));
    assert!(!here.join("checkpoints").exists());
}

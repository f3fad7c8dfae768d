use super::*;
use crate::run::metrics::{Row, Tail, latest, read};

fn log(folder: &Path) -> PathBuf {
    let path = folder.join("metrics.jsonl");
    let mut log = MetricsLog::open(&path).unwrap();
    for step in 1..=4u64 {
        let figures = [("loss", step as f32), ("loss/color", f32::NAN), ("lr", f32::INFINITY)];
        log.record(step, step as f64 / 3.0, figures).unwrap();
    }
    path
}

fn steps(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(|row| row.step).collect()
}

#[test]
fn figures_come_back_and_what_is_no_number_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(folder.path());
    let first = fs::read_to_string(&path).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(first, r#"{"step":1,"time":0.333,"loss":1.0,"loss/color":"NaN","lr":"inf"}"#);
    let rows = read(&path).unwrap();
    assert_eq!(steps(&rows), [1, 2, 3, 4]);
    assert_eq!(rows[3].values[0], ("loss".into(), 4.0));
    assert!(rows[0].values[1].1.is_nan() && rows[0].values[2].1 == f32::INFINITY);
    // A class's name may be hostile.
    let mut log = MetricsLog::open(&path).unwrap();
    log.record(5, 2.0, [("knn/\u{1b}[2J\"", 0.5), ("x", f32::MIN_POSITIVE), ("y", 0.1)]).unwrap();
    drop(log);
    let last = read(&path).unwrap().pop().unwrap();
    assert_eq!(
        last.values,
        [("knn/\\u{1b}[2J\"".into(), 0.5), ("x".into(), f32::MIN_POSITIVE), ("y".into(), 0.1)]
    );
}

#[test]
fn cut_at_every_byte_of_its_last_line_the_rest_is_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(folder.path());
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in last..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        assert_eq!(steps(&read(&path).unwrap()), [1, 2, 3], "cut at {cut}");
        let mut log = MetricsLog::open(&path).unwrap();
        log.record(9, 9.0, [("loss", 1.0)]).unwrap();
        drop(log);
        assert_eq!(steps(&read(&path).unwrap()), [1, 2, 3, 9], "cut at {cut}");
    }
    fs::write(&path, "no newline at all").unwrap();
    drop(MetricsLog::open(&path).unwrap());
    assert!(read(&path).unwrap().is_empty());
}

#[test]
fn a_damaged_middle_is_named_and_a_resumed_log_is_cut_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(folder.path());
    let mut log = MetricsLog::open(&path).unwrap();
    log.record(5, 2.0, [("loss", 5.0)]).unwrap();
    log.truncate_after(2).unwrap();
    log.record(3, 1.0, [("loss", 30.0)]).unwrap();
    log.sync().unwrap();
    let rows = read(&path).unwrap();
    assert_eq!((steps(&rows), rows[2].values[0].1), (vec![1, 2, 3], 30.0));

    let text = fs::read_to_string(&path).unwrap().replace(r#""step":2"#, r#""step":two"#);
    fs::write(&path, &text).unwrap();
    assert!(matches!(read(&path), Err(RunError::Damaged { line: 2, .. })));
    assert!(matches!(log.truncate_after(2), Err(RunError::Damaged { line: 2, .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_follower_gets_what_was_completed_and_notices_a_log_cut_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(folder.path());
    let mut tail = Tail::open(&path).unwrap();
    assert_eq!(steps(&tail.more().unwrap()), [1, 2, 3, 4]);
    assert!(tail.more().unwrap().is_empty());
    let mut log = MetricsLog::open(&path).unwrap();
    log.record(5, 2.0, [("loss", 5.0)]).unwrap();
    log.flush().unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.clone() + "{\"step\":6,").unwrap();
    assert_eq!(steps(&tail.more().unwrap()), [5]);
    fs::write(&path, whole + "{\"step\":6,\"time\":1}\n").unwrap();
    assert_eq!(steps(&tail.more().unwrap()), [6]);
    log.truncate_after(1).unwrap();
    assert_eq!(steps(&tail.more().unwrap()), [1]);
}

#[test]
fn the_latest_figures_are_found_at_the_end_of_a_long_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.jsonl");
    let mut log = MetricsLog::open(&path).unwrap();
    log.flush().unwrap();
    assert_eq!(latest(&path).unwrap(), None);
    for step in 1..=5000 {
        log.record(step, 1.0, [("loss", step as f32)]).unwrap();
        if step == 4990 {
            log.record(step, 1.0, [("invariance/all/color", 0.25)]).unwrap();
        }
    }
    log.flush().unwrap();
    let mut text = fs::read(&path).unwrap();
    assert!(text.len() > 100_000);
    let row = latest(&path).unwrap().unwrap();
    assert_eq!(
        (row.step, row.values),
        (5000, vec![("loss".into(), 5000.0), ("invariance/all/color".into(), 0.25)])
    );
    // Torn, damaged and endless lines are passed over.
    text.extend_from_slice(b"rot\n{\"step\":5001");
    fs::write(&path, &text).unwrap();
    assert_eq!(latest(&path).unwrap().unwrap().step, 5000);
    fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
    assert_eq!(latest(&path).unwrap(), None);
    // However the window falls, a line is read whole or not at all.
    for pad in 0..60 {
        let filler = " ".repeat((64 << 10) - 20 - pad);
        fs::write(&path, format!("{{\"step\":1,\"time\":1}}\n{{\"step\":2}}{filler}\n")).unwrap();
        assert_eq!(latest(&path).unwrap().map(|row| row.step), Some(2), "{pad}");
    }
}

#[test]
fn a_refusing_disk_is_told_once_and_what_waits_is_written_when_it_can_be() {
    if !Path::new("/dev/full").exists() {
        println!("skipped: this system has no /dev/full");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = log(folder.path());
    let mut log = MetricsLog::open(&path).unwrap();
    log.refuse().unwrap();
    log.record(5, 2.0, [("loss", 5.0)]).unwrap();
    assert!(matches!(log.flush(), Err(RunError::Io { .. })));
    log.flush().unwrap();
    // But who asks for durability is told each time.
    assert!(log.sync().is_err() && log.sync().is_err());
    log.accept().unwrap();
    log.sync().unwrap();
    assert_eq!(steps(&read(&path).unwrap()), [1, 2, 3, 4, 5]);
}

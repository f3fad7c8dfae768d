//! The program in a terminal: started, steered by keys, and left, through a pseudo-terminal.

use looc::tui::pictures::Aside;
use std::collections::BTreeSet;

#[path = "common/terminal.rs"]
mod terminal;

use portable_pty::CommandBuilder;
use terminal::{SMALL, Terminal, has_curve, journal};

/// The walk of a first visit: a curve, colour off and on by key, the mark, the journal, the end.
#[test]
fn a_first_visit() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 36, 120);
    terminal.until("the augmentations", |text| text.contains("Augmentations"));
    terminal.until("a curve", has_curve);
    // The list begins with crop and flip; color is the third.
    terminal.keys("jj ");
    terminal.until("color off", |text| text.contains("color off"));
    terminal.until("the mark under the curve", |text| text.contains("▲ color off"));
    assert!(journal(folder.path()).contains(r#""path":"augment.color.enabled""#));
    terminal.keys(" ");
    terminal.until("color on", |text| text.contains("color on"));
    let edits = journal(folder.path()).lines().filter(|line| line.contains("augment.color.enabled")).count();
    assert_eq!(edits, 2);
    terminal.keys("2");
    terminal.until("the views' parameters", |text| text.contains("k0") && text.contains("rotation"));
    terminal.keys("3");
    terminal.until("the figures at the start", |text| text.contains("at start") && text.contains("select."));
    terminal.keys("4");
    terminal.until("all images searched", |text| text.contains("1000 training images"));
    terminal.keys("v");
    terminal.until("images of a class", |text| text.contains("of shape "));
    terminal.keys("1");
    terminal.keys("q");
    terminal.until("the question", |text| text.contains("Leave?"));
    terminal.keys("y");
    let code = terminal.end();
    assert_eq!(code, 0, "{}", terminal.tail());
    assert!(terminal.restored(), "{}", terminal.tail());
    assert!(journal(folder.path()).contains(r#""reason":"stopped""#));
    assert!(folder.path().join("run/checkpoints").read_dir().unwrap().count() >= 1);
}

/// SIGTERM: a checkpoint, and the terminal given back.
#[cfg(unix)]
#[test]
fn a_terminated_program_gives_the_terminal_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 24, 80);
    terminal.until("the status line", |text| text.contains("img/s"));
    terminal.signal(rustix::process::Signal::TERM);
    assert_eq!(terminal.end(), 130, "{}", terminal.tail());
    assert!(terminal.restored(), "{}", terminal.tail());
    assert!(journal(folder.path()).contains(r#""kind":"stop""#));
}

/// Kitty's pictures: sent beside the cells, and none is left behind.
#[test]
fn pictures_are_taken_back_before_the_screen_is() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [SMALL, &["--images", "kitty"]].concat();
    let mut terminal = Terminal::start(folder.path(), &arguments, 36, 120);
    terminal.until("views", |text| text.contains("k0 shares none") && text.contains('\u{10eeee}'));
    terminal.keys("q");
    terminal.until("the question", |text| text.contains("Leave?"));
    terminal.keys("y");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    let bytes = terminal.bytes.lock().unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let (before, after) = text.split_once("\x1b[?1049l").unwrap();
    let ids = |start: &str| -> BTreeSet<String> {
        let rest = before.split(start).skip(1);
        rest.map(|rest| rest.split(',').next().unwrap().to_owned()).collect()
    };
    let sent = ids("\x1b_Ga=T,U=1,i=");
    assert!(sent.len() >= 4, "{sent:?}");
    assert_eq!(sent, ids("\x1b_Ga=d,d=I,i="));
    assert!(!after.contains("\x1b_G"));
}

/// A recorded run: it moves, its keys work, and nothing is left behind.
#[test]
fn the_demo_plays_without_training() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), &["--demo"], 36, 120);
    terminal.until("a curve", |text| text.contains("looc demo") && has_curve(text));
    terminal.keys("jj ");
    terminal.until("an edit", |text| text.contains("[ ] color"));
    terminal.keys("4");
    terminal.until("neighbours", |text| text.contains("same shape"));
    terminal.keys("q");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    assert!(terminal.restored(), "{}", terminal.tail());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was written");
}

/// The mouse as terminals tell of it, text for the clipboard, and curves as files.
#[test]
fn the_mouse_points_figures_are_copied_and_curves_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    // Row and column count from 1; the second tab.
    terminal.keys("\x1b[<0;13;2M\x1b[<0;13;2m");
    terminal.until("the views", |text| text.contains("[2 Views]"));
    terminal.keys("\x1b[<0;3;2M\x1b[<0;3;2m");
    terminal.until("the training screen", |text| text.contains("[1 Train]"));
    // The switch of the third row of the list.
    terminal.keys("\x1b[<0;4;6M\x1b[<0;4;6m");
    // Said once it is in force: what is said of a copy would give way to that.
    terminal.until("color off", |text| text.contains("augment.color.enabled true → false"));
    terminal.keys("Y");
    terminal.until("a copy", |text| text.contains("copied"));
    let bytes = String::from_utf8_lossy(&terminal.bytes.lock().unwrap()).into_owned();
    // --set augment.color.enabled=false
    let copied = "\x1b]52;c;LS1zZXQgYXVnbWVudC5jb2xvci5lbmFibGVkPWZhbHNl\x07";
    assert!(bytes.contains(copied), "{}", terminal.tail());
    // The log reaches the disk within a second.
    let log = || std::fs::read_to_string(folder.path().join("run/metrics.jsonl")).unwrap_or_default();
    terminal.until_so("figures on the disk", |_| log().lines().count() > 20);
    terminal.keys("E");
    terminal.until("the files", |text| text.contains("looc-tui export run --format png"));
    for ending in ["svg", "png", "csv"] {
        let files = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().path());
        let written = files.filter(|path| path.extension().is_some_and(|it| it == ending));
        assert_eq!(written.count(), 1, "{ending}");
    }
    terminal.keys("\x1b");
    terminal.until("the screen below", |text| !text.contains("j/k scroll"));
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    assert!(terminal.restored(), "{}", terminal.tail());
}

/// From one run to another that was stopped, without leaving the program.
#[test]
fn another_run_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = |run: &'static str| [&SMALL[..SMALL.len() - 1], &[run]].concat();
    let mut terminal = Terminal::start(folder.path(), &arguments("first"), 36, 120);
    terminal.until("a curve", has_curve);
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    let mut terminal = Terminal::start(folder.path(), &arguments("second"), 36, 120);
    terminal.until("a curve", has_curve);
    terminal.keys("5");
    terminal.until("both runs", |text| text.contains("stopped") && text.contains("this run"));
    terminal.keys("gR");
    terminal.until("the question", |text| text.contains("go on with first?"));
    terminal.keys("y");
    terminal.until("the first run", |text| text.starts_with("looc first") && text.contains("TRAIN"));
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    let journal = |run: &str| std::fs::read_to_string(folder.path().join(run).join("journal.jsonl")).unwrap();
    assert_eq!(journal("first").matches(r#""kind":"start""#).count(), 2);
    assert!(journal("second").contains(r#""reason":"stopped""#), "{}", journal("second"));
}

/// Settings that cannot be are told before anything is taken or made.
#[test]
fn bad_settings_are_told_before_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.yaml"), "keys: { pause: F5 }").unwrap();
    let mut terminal = Terminal::start(folder.path(), &["--settings", "mine.yaml"], 24, 80);
    assert_eq!(terminal.end(), 78);
    assert!(terminal.text().contains("keys.pause: there is no such action"), "{}", terminal.text());
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
}

/// What cannot be started leaves a sentence behind, and a terminal as it was.
#[test]
fn a_bad_configuration_is_told_before_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), &["--set", "model.width=hundred"], 24, 80);
    assert_eq!(terminal.end(), 78);
    assert!(terminal.text().contains("model.width"), "{}", terminal.text());
    assert!(!folder.path().join("runs").exists());
}

/// Another size, and a whole new painting: no question to the terminal, no end.
#[test]
fn a_window_changes_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    terminal.resize(24, 80);
    terminal.until("one pane at a time", |text| text.contains(" panes "));
    terminal.resize(10, 50);
    terminal.until("the status lines", |text| text.contains("enlarge the terminal"));
    terminal.resize(36, 120);
    terminal.until("all panes", |text| text.contains("Invariance") && text.contains("Device"));
    terminal.keys("r");
    terminal.keys("?");
    terminal.until("the help", |text| text.contains("j/k scroll"));
    terminal.keys("\x1b");
    // An escape with a key right behind it would be that key with Alt.
    terminal.until("the screen below", |text| !text.contains("j/k scroll"));
    terminal.keys("\x03\x03");
    assert_eq!(terminal.end(), 130, "{}", terminal.tail());
    assert!(terminal.restored(), "{}", terminal.tail());
}

/// What training cannot do without is told on the screen, and again when it has gone.
#[test]
fn a_missing_folder_is_told_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--set", "data.kind=folder", "--set", "data.path=nowhere"];
    let mut terminal = Terminal::start(folder.path(), &arguments, 36, 120);
    terminal.until("the reason", |text| text.contains("Training ended") && text.contains("nowhere"));
    terminal.keys("\x1b");
    terminal.until("the screen below", |text| !text.contains("Training ended"));
    terminal.keys("q");
    terminal.until("the question", |text| text.contains("Leave?"));
    terminal.keys("y");
    assert_eq!(terminal.end(), 1);
    assert!(terminal.restored() && terminal.text().contains("nowhere"), "{}", terminal.text());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was written");
}

/// Without colours nothing is said in colours.
#[test]
fn no_color_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let arguments: Vec<&str> = SMALL.iter().copied().chain(["--color", "never"]).collect();
    let mut terminal = Terminal::start(folder.path(), &arguments, 36, 120);
    terminal.until("a curve", has_curve);
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0);
    let bytes = terminal.bytes.lock().unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for code in ["\x1b[38;", "\x1b[48;", "\x1b[31m", "\x1b[32m", "\x1b[36m"] {
        assert!(!text.contains(code), "{code:?}");
    }
}

/// What the next test starts in a terminal: a screen that panics.
#[test]
fn a_screen_that_panics() {
    if std::env::var_os(PANICS).is_some() {
        let mut stage = looc::tui::Stage::take().unwrap();
        let farewell = Some(b"\x1b_Ga=d,d=I,i=7,q=2\x1b\\".to_vec());
        stage.draw(|_| Aside { at_leaving: farewell, ..Aside::default() }).unwrap();
        panic!("a fault of the screen");
    }
}

const PANICS: &str = "LOOC_TEST_OF_A_PANIC";

/// A fault of the screen gives the terminal back first, and then tells of itself where it can be read.
#[test]
fn a_panic_gives_the_terminal_back() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_screen_that_panics", "--nocapture"]);
    command.env(PANICS, "1");
    command.env("RUST_BACKTRACE", "0");
    let mut terminal = Terminal::spawn(command, 24, 80);
    assert_ne!(terminal.end(), 0);
    assert!(terminal.restored(), "{}", terminal.tail());
    assert!(terminal.text().contains("a fault of the screen"), "{}", terminal.text());
    let bytes = String::from_utf8_lossy(&terminal.bytes.lock().unwrap()).into_owned();
    let place = |what: &str| bytes.find(what).unwrap_or_else(|| panic!("no {what:?} in {bytes:?}"));
    assert!(place("\x1b[?1049h") < place("\x1b_Ga=d,d=I,i=7"), "the screen was taken before");
    assert!(place("\x1b_Ga=d,d=I,i=7") < place("\x1b[?1049l"), "its pictures go first");
}

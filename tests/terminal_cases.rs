//! Terminals that misbehave, go away, or ask for much: training goes on or ends in good order, and the
//! terminal is given back.

#[path = "common/terminal.rs"]
mod terminal;

use assert_cmd::Command;
use portable_pty::CommandBuilder;
use rustix::process::Signal;
use std::{
    io::{Read, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use terminal::{SMALL, Terminal, has_curve, journal, stopped};
use vt100::MouseProtocolMode;

/// What lets a shell be returned to, and then brings the program back: with job control.
const SHELL: &str = r#""$0" "$@"; echo "stopped with $?"; read -r line; fg; echo "ended with $?""#;

impl Terminal {
    /// Frames that have come.
    fn frames(&self) -> usize {
        let begin = b"\x1b[?2026h";
        self.bytes.lock().unwrap().windows(begin.len()).filter(|bytes| bytes == begin).count()
    }

    fn mouse(&self) -> MouseProtocolMode {
        self.parser.lock().unwrap().screen().mouse_protocol_mode()
    }

    /// Waits for frames that were begun from now on.
    fn until_drawn(&mut self) {
        let before = self.frames();
        self.until_so("a new frame", |it| it.frames() >= before + 2);
    }
}

/// Both other signals that end a program: a checkpoint, and the terminal given back.
#[test]
fn a_hang_up_and_an_interrupt_give_the_terminal_back() {
    for signal in [Signal::HUP, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let mut terminal = Terminal::start(folder.path(), SMALL, 24, 80);
        terminal.until("the status line", |text| text.contains("img/s"));
        assert!(!terminal.restored(), "it is taken");
        terminal.signal(signal);
        assert_eq!(terminal.end(), 130, "{signal:?}: {}", terminal.tail());
        assert!(terminal.restored(), "{signal:?}: {}", terminal.tail());
        assert!(stopped(folder.path()), "{signal:?}");
    }
}

/// Ctrl-Z: back to the shell, all of the program at rest; `fg`: everything is painted again, and no bit is another
/// than without it.
#[test]
fn the_shell_is_returned_to_and_left_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start_by(&["sh", "-mc", SHELL], folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    terminal.keys("\x1a");
    terminal.until("the shell", |text| text.contains("stopped with 148"));
    assert!(terminal.restored(), "{}", terminal.tail());
    terminal.keys("\n");
    terminal.until("all panes", |text| {
        ["Augmentations", "Device", "[1 Train]"].iter().all(|it| text.contains(it))
    });
    terminal.until("a curve", has_curve);
    terminal.until_trained(folder.path(), 3);
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    assert!(terminal.restored() && terminal.text().contains("ended with 0"), "{}", terminal.text());
    assert!(stopped(folder.path()));
    let mut replay = Command::cargo_bin("looc-tui").unwrap();
    replay.args(["replay", "run"]).current_dir(folder.path()).assert().code(0);
}

/// What tests start in a terminal: a screen that hears the mouse, and panics or is suspended.
#[test]
fn a_screen_with_the_mouse() {
    let Ok(what) = std::env::var(MOUSE) else { return };
    let mut stage = looc::tui::Stage::take().unwrap();
    stage.draw(|_| looc::tui::pictures::Aside::default()).unwrap();
    stage.mouse(true).unwrap();
    match &*what {
        "panics" => panic!("a fault of the screen"),
        "is suspended" => stage.suspend().unwrap(),
        _ => {}
    }
    let byte = &mut [0];
    std::io::stdin().read_exact(byte).unwrap();
    stage.mouse(false).unwrap();
    std::io::stdin().read_exact(byte).unwrap();
}

const MOUSE: &str = "LOOC_TEST_OF_THE_MOUSE";

fn with_the_mouse(what: &str) -> Terminal {
    let mut command = CommandBuilder::new("sh");
    let program = std::env::current_exe().unwrap();
    command.args([
        "-mc",
        SHELL,
        program.to_str().unwrap(),
        "--exact",
        "a_screen_with_the_mouse",
        "--nocapture",
    ]);
    command.env(MOUSE, what);
    command.env("RUST_BACKTRACE", "0");
    Terminal::spawn(command, 24, 80)
}

#[test]
fn the_mouse_is_switched_on_and_off() {
    let mut terminal = with_the_mouse("stays");
    terminal.until_so("mouse", |it| it.mouse() == MouseProtocolMode::ButtonMotion);
    terminal.keys("x");
    terminal.until_so("end of the mouse", |it| it.mouse() == MouseProtocolMode::None);
    assert!(!terminal.restored(), "the screen is still taken");
    terminal.keys("x");
    terminal.until("the end", |text| text.contains("stopped with 0"));
    assert!(terminal.restored(), "{}", terminal.tail());
}

#[test]
fn a_panic_switches_the_mouse_off() {
    let mut terminal = with_the_mouse("panics");
    terminal.until("the end", |text| text.contains("stopped with 101"));
    assert!(terminal.restored(), "{}", terminal.tail());
    assert!(
        String::from_utf8_lossy(&terminal.bytes.lock().unwrap()).contains("\x1b[?1000;1002;1006h"),
        "it was on"
    );
}

#[test]
fn the_mouse_comes_back_with_the_program() {
    let mut terminal = with_the_mouse("is suspended");
    terminal.until("the shell", |text| text.contains("stopped with 148"));
    terminal.keys("\n");
    // In a test the screen's thread is not the main one, and may run a little further before it stops: what
    // counts is the order.
    terminal.until_so("mouse", |it| {
        let text = String::from_utf8_lossy(&it.bytes.lock().unwrap()).into_owned();
        let told: Vec<_> = text.split("\x1b[?1000;1002;1006").skip(1).map(|rest| &rest[..1]).collect();
        told == ["h", "l", "h"]
    });
    terminal.keys("xx");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    assert!(terminal.restored(), "{}", terminal.tail());
}

/// Windows of no size, of one character, and of two long lines.
#[test]
fn strange_sizes_are_survived() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start_by(&[], folder.path(), SMALL, 0, 0);
    terminal.until_trained(folder.path(), 3);
    terminal.resize(36, 120);
    terminal.until("a curve", has_curve);
    for (rows, cols) in [(0, 0), (1, 1), (2, 500), (1000, 1), (0, 80), (24, 0)] {
        terminal.window(rows, cols);
        terminal.until_drawn();
    }
    terminal.resize(2, 500);
    terminal.until("the status line", |text| text.contains("img/s"));
    terminal.resize(24, 80);
    terminal.until("one pane at a time", |text| text.contains(" panes ") && text.contains("[1 Train]"));
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
}

/// As while a window's edge is dragged.
#[test]
fn a_storm_of_sizes_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    for step in 0..500 {
        terminal.window(1 + step * 7 % 60, 1 + step * 13 % 200);
        std::thread::sleep(Duration::from_millis(1));
    }
    terminal.until_trained(folder.path(), 10);
    terminal.resize(30, 100);
    let shown = |text: &str| {
        let rows: Vec<&str> = text.lines().map(str::trim_end).collect();
        let corners = |corner: char| text.matches(corner).count();
        rows.len() == 30
            && rows[1].starts_with("[1 Train]  2 Views")
            && rows[2].starts_with('┏')
            && rows[2].ends_with('┐')
            && ['┏', '┓', '┗', '┛'].map(corners) == [1; 4]
            && ['┌', '┐', '└', '┘'].map(corners) == [4; 4]
    };
    terminal.until("all of the screen", shown);
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
}

/// A large paste is no key: it would leave, switch augmentations off, and pause.
#[test]
fn a_large_paste_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    let before = journal(folder.path());
    terminal.keys("\x1b[200~");
    let block = "qy jp\r".repeat((1 << 20) / 6);
    for _ in 0..10 {
        terminal.keys(&block);
    }
    terminal.keys("\x1b[201~:");
    terminal.until("the list of actions", |text| text.contains("Actions"));
    assert!(!terminal.text().contains("Leave?"));
    terminal.keys("\x1b[200~xyzzy\n\x1b[201~");
    terminal.until("a paste where text belongs", |text| text.contains("xyzzy"));
    terminal.keys("\x1b");
    terminal.until("the screen below", |text| !text.contains("xyzzy"));
    assert_eq!(journal(folder.path()), before);
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
}

/// A paste that is never closed ends after a silence: whoever tries the keys again has them.
#[test]
fn keys_come_back_after_a_paste_that_is_not_closed() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    terminal.keys("\x1b[200~qy jp");
    for _ in 0..30 {
        std::thread::sleep(Duration::from_millis(1500));
        if terminal.text().contains("Leave?") {
            break;
        }
        // Within the silence it is more of the paste.
        terminal.keys("q");
    }
    terminal.until("the question", |text| text.contains("Leave?"));
    assert!(!journal(folder.path()).contains("edit"), "{}", journal(folder.path()));
    terminal.keys("y");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
}

/// A key that never ends, as of something heavy on the keyboard: the screen is drawn, and signals are heard.
#[test]
fn a_flood_of_keys_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    let (mut keyboard, flood) = (terminal.keyboard(), "jk".repeat(1 << 15));
    let typed = Arc::new(AtomicUsize::new(0));
    let count = typed.clone();
    // Until there is no terminal any more.
    std::thread::spawn(move || {
        while keyboard.write_all(flood.as_bytes()).is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    terminal.until_so("flood", |_| typed.load(Ordering::SeqCst) > 3);
    for _ in 0..5 {
        terminal.until_drawn();
    }
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.end(), 130, "{}", terminal.tail());
    assert!(stopped(folder.path()));
}

/// Nobody reads what is drawn, far more than the system keeps: training goes on, and the screen comes back.
#[test]
fn training_does_not_wait_for_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    let reads = terminal.reads.clone();
    let held = reads.lock().unwrap();
    let before = terminal.bytes.lock().unwrap().len();
    for _ in 0..30 {
        // Painted whole, unless the screen waits already.
        terminal.keys("r");
        terminal.until_trained(folder.path(), 1);
    }
    terminal.until_trained(folder.path(), 50);
    let unread = terminal.bytes.lock().unwrap().len() - before;
    assert!(unread <= 4096, "{unread} bytes were read");
    drop(held);
    terminal.keys("?");
    terminal.until("the help", |text| text.contains("j/k scroll"));
    terminal.keys("\x1b");
    terminal.until("the screen below", |text| !text.contains("j/k scroll"));
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
}

/// A screen that hangs on a line nobody reads is ended by a signal, with its checkpoint.
#[test]
fn a_signal_is_heard_while_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    let reads = terminal.reads.clone();
    let held = reads.lock().unwrap();
    for _ in 0..30 {
        // Painted whole, until the screen waits.
        terminal.keys("r");
        terminal.until_trained(folder.path(), 1);
    }
    terminal.signal(Signal::TERM);
    let code = terminal.code();
    drop(held);
    assert_eq!(code, 130);
    assert!(stopped(folder.path()), "{}", journal(folder.path()));
}

#[test]
fn no_terminal_is_told_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let mut piped = Command::cargo_bin("looc-tui").unwrap();
    let ended = piped.current_dir(folder.path()).assert().code(2);
    assert!(String::from_utf8_lossy(&ended.get_output().stderr).contains("this is no terminal"));
    let mut dumb = Terminal::start_by(&["env", "TERM=dumb"], folder.path(), &[], 24, 80);
    assert_eq!(dumb.end(), 2);
    assert!(dumb.text().contains("TERM is dumb"), "{}", dumb.text());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was written");
}

/// Nothing at all to read from or write to: a code, and no panic; without a screen it trains all the same.
#[test]
fn closed_streams_are_survived() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_looc-tui");
    let closed = |arguments: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$0" "$@" <&- >&- 2>&-"#, program]).args(arguments);
        command.current_dir(folder.path()).assert()
    };
    closed(&[]).code(2);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing was written");
    closed(&[&["train", "--steps", "2"], SMALL].concat()).code(0);
    assert!(journal(folder.path()).contains(r#""reason":"finished""#), "{}", journal(folder.path()));
}

/// Names that would move the cursor, set the clipboard or turn the reading order round.
#[test]
fn foreign_names_reach_the_terminal_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let evil = format!("a\x1b[31mred\x1b]52;c;aGk=\x07\u{202e}fdp\u{9b}2J{}", "\u{301}".repeat(50));
    for class in [&evil, "b"] {
        let class = folder.path().join("photos").join(class);
        std::fs::create_dir_all(&class).unwrap();
        for place in 0..40 {
            let gray = image::Rgb([place * 6; 3]);
            image::RgbImage::from_pixel(16, 16, gray).save(class.join(format!("{place}.png"))).unwrap();
        }
    }
    std::fs::write(folder.path().join("photos/b").join(format!("{evil}.png")), "").unwrap();
    // In full: a relative one would start from LOOC_DATA where that is set.
    let photos = format!("data.path={}", folder.path().join("photos").display());
    let own = ["--set", "data.kind=folder", "--set", &photos, "--set", "data.damaged_share=0.5"];
    let arguments = [SMALL, &own, &["--log", "log"]].concat();
    let mut terminal = Terminal::start(folder.path(), &arguments, 36, 160);
    terminal.until("a curve", has_curve);
    terminal.keys("4");
    terminal.until("the neighbours", |text| text.contains("training images"));
    terminal.keys("v");
    terminal.until("the class's name", |text| text.contains(r"\u{1b}[31mred\u{1b}]52;c;aGk="));
    terminal.keys("6");
    terminal.until("the damaged file's name", |text| text.contains(r"\u{1b}[31mred\u{1b}]52;c;aGk="));
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    let log = std::fs::read(folder.path().join("log")).unwrap();
    for bytes in [&*terminal.bytes.lock().unwrap(), &log] {
        let text = String::from_utf8_lossy(bytes);
        for raw in ["\x1b[31mred", "\x1b]52", "\x07", "\u{202e}", "\u{9b}", &"\u{301}".repeat(5)] {
            assert!(!text.contains(raw), "{raw:?}");
        }
    }
}

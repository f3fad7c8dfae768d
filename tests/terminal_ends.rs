//! Training that dies under its screen, and screens whose terminal goes away under training.

#[path = "common/terminal.rs"]
mod terminal;

use looc::{
    augment::{Entry, Settings, elastic::Elastic},
    config::Config,
    engine::{self, Handle, Job, Place},
    tui,
};
use portable_pty::CommandBuilder;
use rustix::process::Signal;
use std::{
    path::Path,
    pin::pin,
    sync::Arc,
    task::{Context, Wake, Waker},
    time::{Duration, Instant},
};
use terminal::{SMALL, Terminal, has_curve, stopped};

/// A shell that keeps SIGHUP to itself, and what the program says after its terminal has gone.
const DEAF: &[&str] = &["sh", "-c", r#"trap "" HUP; exec "$0" "$@" 2> said"#];

fn said(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("said")).unwrap_or_default()
}

/// A trainer that cannot go on: the screen lives, says why, and says it again when it has gone.
#[test]
fn the_death_of_training_is_told_and_outlived() {
    let folder = tempfile::tempdir().unwrap();
    // Every step makes the weights nine times as large.
    let arguments = [SMALL, &["--set", "optimizer.lr=10", "--set", "optimizer.weight_decay=1"]].concat();
    let mut terminal = Terminal::start(folder.path(), &arguments, 36, 120);
    terminal.until("the reason", |text| text.contains("Training ended"));
    terminal.keys("\x1b");
    terminal.until("the screen below", |text| !text.contains("Training ended"));
    terminal.keys("6");
    terminal.until("the log", |text| text.contains("Log"));
    terminal.keys("qy");
    assert_eq!(terminal.end(), 1, "{}", terminal.tail());
    assert!(terminal.restored(), "{}", terminal.tail());
}

/// A terminal that goes away without a signal, which its shell keeps to itself: the run ends in good order.
#[test]
fn a_terminal_that_is_gone_ends_the_run_in_good_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start_by(DEAF, folder.path(), SMALL, 36, 120);
    terminal.until("a curve", has_curve);
    // Something is drawn at once: the terminal goes with it.
    terminal.keys("r");
    let since = Instant::now();
    terminal.hang_up();
    assert_eq!(terminal.code(), 130, "{}", said(folder.path()));
    println!("{:.2?} from the loss of the terminal to the end, with the checkpoint", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert!(stopped(folder.path()));
}

/// Under `nohup` training outlives its terminal, and is ended by other signals.
#[cfg(target_os = "linux")]
#[test]
fn a_hang_up_that_is_to_be_ignored_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [&["train"], SMALL].concat();
    let deaf = ["sh", "-c", r#"trap "" HUP; exec "$0" "$@""#];
    let mut terminal = Terminal::start_by(&deaf, folder.path(), &arguments, 24, 80);
    terminal.until_trained(folder.path(), 3);
    terminal.signal(Signal::HUP);
    terminal.until_trained(folder.path(), 20);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.end(), 130, "{}", terminal.tail());
    assert!(stopped(folder.path()));
}

/// The processor time of a process's threads in seconds, of those that do not train.
#[cfg(target_os = "linux")]
fn time_beside_training(process: u32) -> Option<f64> {
    let mut sum = 0.0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let thread = thread.ok()?.path();
        let read = |file: &str| std::fs::read_to_string(thread.join(file)).ok();
        // A thread may end meanwhile.
        let Some((name, times)) = read("comm").zip(read("schedstat")) else { continue };
        if !["looc-train", "looc-compute", "loader"].iter().any(|it| name.starts_with(it)) {
            sum += times.split(' ').next()?.parse::<f64>().ok()? / 1e9;
        }
    }
    (sum > 0.0).then_some(sum)
}

/// While the last step is still being made nobody spins on the terminal that has gone.
#[cfg(target_os = "linux")]
#[test]
fn nobody_spins_on_a_terminal_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    // A step of seconds.
    let slow = ["--set", "train.batch=1000", "--set", "model.width=64", "--set", "eval.every=0"];
    let arguments = [SMALL, &slow].concat();
    let mut terminal = Terminal::start_by(DEAF, folder.path(), &arguments, 36, 120);
    terminal.until("training", |text| text.contains("TRAIN"));
    let process = terminal.child.process_id().unwrap();
    terminal.keys("r");
    terminal.hang_up();
    let (since, before) = (Instant::now(), time_beside_training(process).unwrap());
    let (mut used, mut wall) = (0.0, 0.0);
    while terminal.child.try_wait().unwrap().is_none() {
        if let Some(now) = time_beside_training(process) {
            (used, wall) = (now - before, since.elapsed().as_secs_f64());
        }
        assert!(wall < 180.0, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("beside training {used:.3} s of processor time in the {wall:.1} s until the end");
    // A loop that spins has a core, or what others leave of one.
    assert!(used < 0.3 + 0.1 * wall, "{used} s in {wall} s");
    assert!(stopped(folder.path()), "{}", said(folder.path()));
}

/// What tests start in a terminal: a screen over training that panics in one of its threads.
#[test]
fn a_screen_over_training_that_panics() {
    let Ok(thread) = std::env::var(PANICS) else { return };
    let own = ["--set", "eval.every=0", "--set", "train.checkpoint_every=10"];
    let words = [SMALL, &own].concat();
    let overrides: Vec<String> =
        words.chunks(2).filter(|it| it[0] == "--set").map(|it| it[1].to_owned()).collect();
    let mut config = Config::load(None, &overrides).unwrap();
    if thread == "loader" {
        // No configuration may say so: a view that is bent by it asks for more memory than there are addresses. Few
        // are, so that no view for the screen is one, and of a batch's some.
        let settings = Settings::Elastic(Elastic { p: 0.05, sigma: f64::INFINITY, ..Elastic::default() });
        config.augment.push(Entry { settings, enabled: true, head: false, distinct: false });
    }
    let stage = tui::Stage::take().unwrap();
    let job = Job { config, place: Place::New("run".into()), steps: None, attended: true };
    let (handle, trains) = engine::start(job).unwrap();
    if thread == "trainer" {
        panic_when_told(&handle);
    }
    let left = tui::run(stage, handle, options(), None).unwrap();
    trains.join().unwrap();
    // As the program does.
    if let Some(why) = left.failure {
        eprintln!("looc-tui: {why}");
        std::process::exit(1);
    }
}

const PANICS: &str = "LOOC_TEST_OF_A_PANIC_BELOW";

fn options() -> tui::Options {
    tui::Options {
        images: None,
        depth: tui::theme::Depth::Indexed,
        glyphs: Default::default(),
        ground: None,
        colours: Default::default(),
        mouse: false,
        demo: false,
        remote: false,
        tour: false,
        keymap: Arc::default(),
    }
}

/// Whoever publishes a state wakes those who wait for it: this one's alarm clock breaks in the hand of who winds it.
struct Fault;

impl Wake for Fault {
    fn wake(self: Arc<Self>) {
        panic!("a fault of {}", std::thread::current().name().unwrap_or("a thread"));
    }
}

/// Has the trainer's own thread panic when it tells of a state after the 25th step.
fn panic_when_told(handle: &Handle) {
    let mut news = handle.snapshot.clone();
    std::thread::spawn(move || {
        while news.borrow_and_update().step < 25 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let waker = Waker::from(Arc::new(Fault));
        let mut next = pin!(async move {
            while news.changed().await.is_ok() && news.borrow_and_update().step < u64::MAX {}
        });
        if next.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            loop {
                std::thread::park();
            }
        }
    });
}

fn over_a_panic_of(thread: &str, folder: &Path) -> Terminal {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_screen_over_training_that_panics", "--nocapture"]);
    command.env(PANICS, thread);
    command.env("RUST_BACKTRACE", "0");
    command.cwd(folder);
    Terminal::spawn(command, 36, 120)
}

/// A panic of a thread below the screen: the screen lives, says what happened and what to do, and gives the terminal
/// back; what was saved can be gone on with.
#[test]
fn a_panic_below_the_screen_is_told_and_outlived() {
    for (thread, words) in [("trainer", "a fault of looc-compute-"), ("loader", "while it made views")] {
        let folder = tempfile::tempdir().unwrap();
        let mut terminal = over_a_panic_of(thread, folder.path());
        let shown = |text: &str| {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            text.contains("Training ended") && text.contains(words) && text.contains("--resume")
        };
        terminal.until("the reason", shown);
        terminal.keys("\x1b");
        terminal.until("the screen below", |text| !text.contains("Training ended"));
        terminal.keys("2");
        terminal.until("another screen", |text| text.contains("[2 Views]"));
        terminal.keys("?");
        terminal.until("the help", |text| text.contains("j/k scroll"));
        terminal.keys("\x1b");
        terminal.until("the screen below", |text| !text.contains("j/k scroll"));
        terminal.keys("qy");
        assert_eq!(terminal.end(), 1, "{}", terminal.tail());
        assert!(terminal.restored() && terminal.text().contains("please report it"), "{}", terminal.text());
        if thread == "trainer" {
            let mut resumed = assert_cmd::Command::cargo_bin("looc-tui").unwrap();
            resumed.args(["train", "--resume", "--run", "run", "--steps", "40"]);
            resumed.current_dir(folder.path()).assert().code(0);
            let mut replay = assert_cmd::Command::cargo_bin("looc-tui").unwrap();
            replay.args(["replay", "run"]).current_dir(folder.path()).assert().code(0);
        }
    }
}

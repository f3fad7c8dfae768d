//! A terminal for a test: the program in a pseudo-terminal, what it shows, and keys for it.

#![allow(dead_code, reason = "each file of tests uses some of it")]

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    num::NonZero,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use vt100::MouseProtocolMode;

/// Longer than anything here takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// The program in a terminal of its own.
pub struct Terminal {
    pub parser: Arc<Mutex<vt100::Parser>>,
    pub child: Box<dyn portable_pty::Child + Send + Sync>,
    pub bytes: Arc<Mutex<Vec<u8>>>,
    /// Who holds it lets the terminal read no more.
    pub reads: Arc<Mutex<()>>,
    writer: Box<dyn Write + Send>,
    /// None once it has hung up.
    master: Option<Box<dyn MasterPty + Send>>,
    hung_up: Arc<AtomicBool>,
    /// Everything that was written has been read.
    read: Arc<AtomicBool>,
    /// Whether a line has the modes that this one began with, such as that it echoes.
    line: Box<SameLine>,
}

type SameLine = dyn Fn(&dyn MasterPty) -> bool;

impl Terminal {
    pub fn start(folder: &Path, arguments: &[&str], rows: u16, cols: u16) -> Self {
        Self::start_by(&[], folder, arguments, rows, cols)
    }

    /// The program started by another one, with these arguments before it. A screen stops with its terminal unless it is
    /// told otherwise: a test that fails leaves nothing that trains on.
    pub fn start_by(by: &[&str], folder: &Path, arguments: &[&str], rows: u16, cols: u16) -> Self {
        let is_screen = arguments.first().is_none_or(|first| first.starts_with('-'));
        let told = arguments.contains(&"--on-hangup");
        let stops: &[&str] = if is_screen && !told { &["--on-hangup", "stop"] } else { &[] };
        let words = [by, &[env!("CARGO_BIN_EXE_looc-tui")], stops, arguments].concat();
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        command.cwd(folder);
        Self::spawn(command, rows, cols)
    }

    pub fn spawn(mut command: CommandBuilder, rows: u16, cols: u16) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let before = pair.master.get_termios();
        let line = Box::new(move |master: &dyn MasterPty| master.get_termios() == before);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let [rows, cols] = [(rows, 24), (cols, 80)]
            .map(|(n, usual)| NonZero::new(n).unwrap_or(NonZero::new(usual).unwrap()));
        let parser = Arc::new(Mutex::new(vt100::Parser::new(rows, cols, 0)));
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (reads, hung_up) = (Arc::new(Mutex::new(())), Arc::new(AtomicBool::new(false)));
        let read = Arc::new(AtomicBool::new(false));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (screen, log) = (parser.clone(), bytes.clone());
        let (may, gone, done) = (reads.clone(), hung_up.clone(), read.clone());
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut block) {
                screen.lock().unwrap().process(&block[..count]);
                log.lock().unwrap().extend_from_slice(&block[..count]);
                drop(may.lock().unwrap());
                if gone.load(Ordering::SeqCst) {
                    return;
                }
            }
            done.store(true, Ordering::SeqCst);
        });
        let writer = pair.master.take_writer().unwrap();
        Self { parser, child, bytes, reads, writer, master: Some(pair.master), hung_up, read, line }
    }

    /// Gives the window another size.
    pub fn resize(&mut self, rows: u16, cols: u16) {
        let size = [rows, cols].map(|n| NonZero::new(n).unwrap());
        self.parser.lock().unwrap().screen_mut().set_size(size[0], size[1]);
        self.window(rows, cols);
    }

    /// Tells the program of another size, which may be none.
    pub fn window(&mut self, rows: u16, cols: u16) {
        let master = self.master.as_ref().unwrap();
        master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Goes away, as soon as the next bytes have come.
    pub fn hang_up(&mut self) {
        self.hung_up.store(true, Ordering::SeqCst);
        drop(self.keyboard());
        self.master = None;
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = self.child.process_id().unwrap() as i32;
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    pub fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// What its keys are written to; it has none itself from then on.
    pub fn keyboard(&mut self) -> Box<dyn Write + Send> {
        std::mem::replace(&mut self.writer, Box::new(std::io::sink()))
    }

    /// Waits until the screen shows it.
    pub fn until(&mut self, what: &str, shown: impl Fn(&str) -> bool) {
        self.until_so(what, |it| shown(&it.text()));
    }

    /// Waits until it is so.
    pub fn until_so(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let since = Instant::now();
        while !so(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended ({ended:?}) before {what}:\n{}", self.text());
            assert!(since.elapsed() < PATIENCE, "no {what}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for so many more training steps.
    pub fn until_trained(&mut self, folder: &Path, more: usize) {
        let before = steps(folder);
        self.until_so("more steps", |_| steps(folder) >= before + more);
    }

    /// Waits for the end.
    pub fn code(&mut self) -> u32 {
        let since = Instant::now();
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status.exit_code(),
                None => assert!(since.elapsed() < PATIENCE, "it does not end:\n{}", self.text()),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the end, and for the last bytes.
    pub fn end(&mut self) -> u32 {
        let since = Instant::now();
        let code = self.code();
        while self.master.is_some() && !self.read.load(Ordering::SeqCst) {
            assert!(since.elapsed() < PATIENCE, "its terminal is not closed:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
        code
    }

    /// Whether the terminal is as it was: main screen, cursor shown, no paste or mouse told of, its line as before.
    pub fn restored(&self) -> bool {
        let parser = self.parser.lock().unwrap();
        let screen = parser.screen();
        let mouse = screen.mouse_protocol_mode() != MouseProtocolMode::None;
        let line = self.master.as_ref().is_none_or(|master| (self.line)(&**master));
        line && !mouse && !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    }

    /// Where the terminal ended up, for a failed test.
    pub fn tail(&self) -> String {
        let bytes = self.bytes.lock().unwrap();
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(200)..]).escape_debug().to_string()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// Trains at once and quickly, and does not end by itself.
pub const SMALL: &[&str] = &[
    "--set",
    "data.train=1000",
    "--set",
    "data.held_out=100",
    "--set",
    "model.width=8",
    "--set",
    "train.batch=32",
    "--set",
    "train.epochs=1000",
    "--set",
    "contrast.queue=256",
    "--set",
    "model.bn_splits=2",
    "--set",
    "eval.images=32",
    "--run",
    "run",
];

pub fn journal(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("run/journal.jsonl")).unwrap_or_default()
}

pub fn has_curve(text: &str) -> bool {
    text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)) && text.contains("img/s")
}

/// Steps that the log of the run has.
pub fn steps(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("run/metrics.jsonl")).unwrap_or_default().lines().count()
}

/// The run stopped in good order: with a checkpoint, and the reason in the journal.
pub fn stopped(folder: &Path) -> bool {
    let checkpoints = folder.join("run/checkpoints").read_dir().is_ok_and(|it| it.count() > 0);
    journal(folder).contains(r#""reason":"stopped""#) && checkpoints
}

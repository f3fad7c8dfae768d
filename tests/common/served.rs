//! A run that is trained in the background, and bytes that somebody says to it.

#![allow(dead_code, reason = "each file of tests uses some of it")]

use assert_cmd::{Command, assert::Assert};
use looc::link;
use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_looc-tui");
/// Longer than anything here takes, on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until it is so.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < PATIENCE, "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The program, until its end.
pub fn program(folder: &Path, words: &[&str]) -> Assert {
    Command::new(PROGRAM).args(words).current_dir(folder).assert()
}

/// What it said of what went wrong.
pub fn told(ended: Assert) -> String {
    String::from_utf8_lossy(&ended.get_output().stderr).into_owned()
}

/// `looc-tui train` in the background.
pub struct Trained {
    pub child: Child,
    pub folder: tempfile::TempDir,
}

impl Trained {
    pub fn start() -> Self {
        Self::start_with(&mut std::process::Command::new(PROGRAM), &[])
    }

    pub fn start_with(command: &mut std::process::Command, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let said = fs::File::create(folder.path().join("said")).unwrap();
        let command =
            command.arg("train").args(super::terminal::SMALL).args(arguments).current_dir(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn().unwrap();
        let it = Self { child, folder };
        until("a socket", || link::is_served(&it.run()));
        it
    }

    /// Goes on with the run after its end.
    pub fn resume(&mut self) {
        let said = fs::File::create(self.folder.path().join("said")).unwrap();
        let mut command = std::process::Command::new(PROGRAM);
        command.args(["train", "--resume", "--run", "run"]).current_dir(self.folder.path());
        self.child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn().unwrap();
    }

    pub fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap()
    }

    pub fn socket(&self) -> PathBuf {
        self.run().join("socket")
    }

    pub fn steps(&self) -> usize {
        fs::read_to_string(self.run().join("metrics.jsonl")).unwrap_or_default().lines().count()
    }

    pub fn until_trained(&self, more: usize) {
        let before = self.steps();
        until("more steps", || self.steps() >= before + more);
    }

    pub fn stop(&mut self) {
        let told = program(self.folder.path(), &["stop", "run"]).code(0);
        assert!(String::from_utf8_lossy(&told.get_output().stdout).contains("run · stopped"));
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{}", self.said());
        assert!(super::terminal::journal(self.folder.path()).contains(r#""reason":"stopped""#));
        assert!(!self.socket().exists(), "the socket goes with the lock");
    }
}

impl Drop for Trained {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends bytes as a viewer might.
pub fn raw(trained: &Trained, bytes: &[u8]) -> UnixStream {
    let mut stream = UnixStream::connect(trained.socket()).unwrap();
    // The other end may have closed already.
    let _ = stream.write_all(bytes);
    stream
}

pub fn framed(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

pub fn hello() -> Vec<u8> {
    framed(&format!(r#"{{"looc":1,"version":"{}"}}"#, env!("CARGO_PKG_VERSION")))
}

/// All that comes until the end.
pub fn rest(mut stream: UnixStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("it is not closed"),
        _ => bytes,
    }
}

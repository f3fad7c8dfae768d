//! Text into the clipboard of the reader's own machine, through the terminal (OSC 52).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    io::{self, Write},
    process::{Command, Stdio},
};

/// Terminals take about 100,000 bytes in base64; what is longer they drop.
const LONGEST: usize = 74_000;

/// Copies a text. tmux drops the sequence as it is usually set up, but passes its own buffers on.
///
/// # Errors
/// The text is too long, the terminal fails, or tmux refuses.
pub fn copy(text: &str, tmux: bool) -> io::Result<()> {
    if text.len() > LONGEST {
        let why = format!("{} bytes are more than a terminal takes", text.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    if tmux {
        return load(text);
    }
    let mut out = io::stdout().lock();
    out.write_all(sequence(text).as_bytes())?;
    out.flush()
}

fn sequence(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text))
}

/// `tmux load-buffer -w`: into a buffer of tmux, and by it to the terminal outside.
fn load(text: &str) -> io::Result<()> {
    let mut command = Command::new("tmux");
    command
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("tmux: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_hidden_in_base64() {
        assert_eq!(sequence("a\tb\n"), "\x1b]52;c;YQliCg==\x07");
        let long = copy(&"x".repeat(LONGEST + 1), false).unwrap_err();
        assert!(long.to_string().contains("74001 bytes"), "{long}");
    }
}

//! Words of a command line that a shell takes for what they are.

use std::{ffi::OsStr, fmt::Write};

/// One argument, quoted where a POSIX shell (or bash, for what is no text) would make something else of it.
pub fn quoted(word: &OsStr) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./,=:@%+-".contains(c);
    let text = word.to_str().filter(|text| *text == crate::text::printable(text));
    match text {
        Some(text) if !text.is_empty() && text.chars().all(plain) => text.into(),
        Some(text) => format!("'{}'", text.replace('\'', r"'\''")),
        None => {
            let mut out = String::from("$'");
            for byte in word.as_encoded_bytes() {
                match byte {
                    b'\'' | b'\\' => out.extend(['\\', char::from(*byte)]),
                    byte if byte.is_ascii_graphic() || *byte == b' ' => out.push(char::from(*byte)),
                    // Writing to a string cannot fail.
                    byte => drop(write!(out, "\\x{byte:02x}")),
                }
            }
            out + "'"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn a_shell_reads_each_word_as_it_was() {
        let words: [&[u8]; 8] = [
            b"runs/r0001",
            b"",
            b"my run",
            b"it's",
            b"a$b`c",
            b"line\nbreak \\'",
            b"\xff\x01f",
            "Löwe".as_bytes(),
        ];
        for word in words {
            let script = format!("printf %s {}", quoted(OsStr::from_bytes(word)));
            let read = std::process::Command::new("bash").args(["-c", &script]).output();
            // Where there is no bash the rule cannot be asked.
            let Ok(read) = read else { return };
            assert_eq!(read.stdout, word, "{script}");
        }
        assert_eq!(quoted(OsStr::new("runs/r0001")), "runs/r0001");
    }
}

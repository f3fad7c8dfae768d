//! A bracketed paste, as far as it has come.

/// So much of it is kept: nothing here is typed that is longer, and memory stays bounded.
pub const LONGEST: usize = 64 << 10;
/// What ends it.
const END: &[u8] = b"\x1b[201~";

/// What has been pasted so far.
#[derive(Default)]
pub struct Paste {
    text: Vec<u8>,
    /// So many bytes of the end have come.
    end: usize,
}

impl Paste {
    /// Takes a byte. True if it was the last one of the end.
    pub fn take(&mut self, byte: u8) -> bool {
        if byte == END[self.end] {
            self.end += 1;
            return self.end == END.len();
        }
        let begun = std::mem::take(&mut self.end);
        END[..begun].iter().for_each(|byte| self.keep(*byte));
        // The end's first byte is nowhere else in it: only there it can begin anew.
        if byte == END[0] {
            self.end = 1;
        } else {
            self.keep(byte);
        }
        false
    }

    fn keep(&mut self, byte: u8) {
        if self.text.len() < LONGEST {
            self.text.push(byte);
        }
    }

    /// Bytes of memory that it takes.
    #[cfg(test)]
    pub fn size(&self) -> usize {
        self.text.capacity()
    }

    /// The text, without a character that was cut through.
    pub fn text(mut self) -> String {
        if let Err(error) = std::str::from_utf8(&self.text)
            && error.error_len().is_none()
        {
            self.text.truncate(error.valid_up_to());
        }
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

//! A checksum inside a line of JSON: `{…,"check":"89abcdef"}`. It tells a torn or rotten line from a
//! good one; it is no protection from somebody who means harm.

/// `,"check":"` and eight digits and `"}`.
const SEAL: usize = 20;

/// Adds the checksum (CRC-32 of the text as it was) as the last member of a JSON object's text.
pub fn seal(object: &str) -> String {
    debug_assert!(object.len() > 2 && object.starts_with('{') && object.ends_with('}'));
    let check = crc32fast::hash(object.as_bytes());
    format!("{},\"check\":\"{check:08x}\"}}", &object[..object.len() - 1])
}

/// The object's text without its checksum, if that is right.
pub fn unseal(line: &[u8]) -> Option<Vec<u8>> {
    let (body, seal) = line.split_at_checked(line.len().checked_sub(SEAL)?)?;
    let digits = seal.strip_prefix(b",\"check\":\"")?.strip_suffix(b"\"}")?;
    let check = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    let object = [body, b"}"].concat();
    (crc32fast::hash(&object) == check).then_some(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let object = r#"{"seq":1,"kind":"stop"}"#;
        let line = seal(object).into_bytes();
        assert_eq!(unseal(&line).as_deref(), Some(object.as_bytes()));
        for at in 0..line.len() {
            assert_eq!(unseal(&line[..at]), None);
            for bit in 0..8 {
                let mut bad = line.clone();
                bad[at] ^= 1 << bit;
                // A hexadecimal digit in the other case is the same number.
                if !bad.eq_ignore_ascii_case(&line) {
                    assert_eq!(unseal(&bad), None, "byte {at}, bit {bit}");
                }
            }
        }
    }
}

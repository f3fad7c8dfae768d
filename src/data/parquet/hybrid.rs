//! Numbers as parquet packs them, levels and places in a dictionary: runs of one value, and groups of
//! eight of `width` bits each (the format's "RLE / bit-packing hybrid",
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>).

use bytes::Bytes;

/// The numbers that are left.
pub struct Hybrid {
    bytes: Bytes,
    /// Bits of a number, at most 32.
    width: usize,
    run: Run,
}

enum Run {
    Repeated {
        value: u32,
        left: u64,
    },
    Packed {
        bytes: Bytes,
        /// Numbers that have been read.
        at: usize,
        left: usize,
    },
}

impl Hybrid {
    /// `None` if no number has so many bits.
    pub fn new(bytes: Bytes, width: usize) -> Option<Self> {
        (width <= 32).then_some(Self { bytes, width, run: Run::Repeated { value: 0, left: 0 } })
    }

    /// The next number; `None` after the last.
    pub fn next(&mut self) -> Option<u32> {
        loop {
            match &mut self.run {
                Run::Repeated { value, left } if *left > 0 => {
                    *left -= 1;
                    return Some(*value);
                }
                Run::Packed { bytes, at, left } if *left > 0 => {
                    *left -= 1;
                    let first = *at * self.width;
                    *at += 1;
                    return Some(bits(bytes, first, self.width));
                }
                _ => self.run = self.begin()?,
            }
        }
    }

    /// The next run.
    fn begin(&mut self) -> Option<Run> {
        let header = self.varint()?;
        let count = header >> 1;
        if header & 1 == 0 {
            let bytes = self.take(self.width.div_ceil(8))?;
            let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
            return Some(Run::Repeated { value, left: count });
        }
        let groups = usize::try_from(count).ok()?;
        // The last group may be cut where no more numbers are needed.
        let bytes = self.take(groups.saturating_mul(self.width).min(self.bytes.len()))?;
        let all = groups.saturating_mul(8);
        let left = (bytes.len() * 8).checked_div(self.width).map_or(all, |there| there.min(all));
        Some(Run::Packed { bytes, at: 0, left })
    }

    /// A number of seven bits a byte, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<Bytes> {
        (count <= self.bytes.len()).then(|| self.bytes.split_to(count))
    }
}

/// `width` bits from the bit `first` on, the lowest first. Beyond the bytes are zeros.
fn bits(bytes: &[u8], first: usize, width: usize) -> u32 {
    let from = first / 8;
    let window = (0..5).rev().fold(0u64, |window, byte| {
        window << 8 | u64::from(bytes.get(from + byte).copied().unwrap_or_default())
    });
    (window >> (first % 8) & ((1 << width) - 1)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], width: usize) -> Vec<u32> {
        let mut hybrid = Hybrid::new(Bytes::copy_from_slice(bytes), width).unwrap();
        std::iter::from_fn(|| hybrid.next()).take(1000).collect()
    }

    /// The format's own example: 0 to 7 in three bits each.
    #[test]
    fn the_example_of_the_format() {
        let packed = [0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(all(&[&[3], &packed[..]].concat(), 3), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(all(&[&[6, 5, 3], &packed[..]].concat(), 3), [5, 5, 5, 0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(all(&[8, 0x34, 0x12], 13), [0x1234; 4]);
        assert_eq!(all(&[&[3], &[0xff; 32][..]].concat(), 32), [u32::MAX; 8]);
        assert_eq!(all(&[6], 0), [0; 3]);
    }

    #[test]
    fn what_is_cut_or_endless_ends() {
        assert!(Hybrid::new(Bytes::new(), 33).is_none());
        assert_eq!(all(&[], 3), [0; 0]);
        assert_eq!(all(&[8, 0x34], 13), [0; 0]);
        assert_eq!(all(&[0xff; 5], 1), [0; 0]);
        assert_eq!(all(&[5, 0b1000_1000, 0b110], 3), [0, 1, 2, 3, 0], "as many as are whole");
        assert_eq!(all(&[0, 1, 0, 1, 0], 1), [0; 0], "runs of none");
        assert_eq!(all(&[0xff, 0xff, 0xff, 0xff, 0x0f], 0).len(), 1000);
    }
}

//! The values of a column, one a row. The library's own decoding of them panics at lengths beyond a page
//! (found by fuzzing); a column without repetition takes little, so it is done here.

use super::hybrid::Hybrid;
use super::pages::{Pages, wrong};
use bytes::{Buf, Bytes};
use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::errors::Result;

/// A value as the encoding PLAIN has it.
pub trait Value: Clone {
    /// Takes one off the front; `None` if there is no whole one.
    fn cut(bytes: &mut Bytes) -> Option<Self>;
}

impl Value for i32 {
    fn cut(bytes: &mut Bytes) -> Option<Self> {
        bytes.try_get_i32_le().ok()
    }
}

impl Value for i64 {
    fn cut(bytes: &mut Bytes) -> Option<Self> {
        bytes.try_get_i64_le().ok()
    }
}

impl Value for Bytes {
    fn cut(bytes: &mut Bytes) -> Option<Self> {
        let length = bytes.try_get_u32_le().ok()? as usize;
        (length <= bytes.len()).then(|| bytes.split_to(length))
    }
}

/// How the values of a page are stored.
enum Stored {
    Plain(Bytes),
    /// Places in the dictionary.
    Places(Hybrid),
}

/// The values of one column in one row group.
pub struct Values<T> {
    pages: Pages,
    dictionary: Vec<T>,
    /// Of this page; `None` if no value can be missing.
    levels: Option<Hybrid>,
    stored: Stored,
    /// Rows of this page that are left.
    left: u32,
    /// The level of a value that is there.
    present: u32,
}

impl<T: Value> Values<T> {
    /// Of pages in which values that are there have the level `present`.
    pub fn new(pages: Pages, present: i16) -> Self {
        let present = u32::try_from(present).unwrap_or_default();
        let stored = Stored::Plain(Bytes::new());
        Self { pages, dictionary: Vec::new(), levels: None, stored, left: 0, present }
    }

    /// The next `count` rows; `None` for a null.
    ///
    /// # Errors
    /// There are fewer, or a page is damaged or has another encoding.
    pub fn take(&mut self, count: usize) -> Result<Vec<Option<T>>> {
        (0..count).map(|_| self.next()).collect()
    }

    fn next(&mut self) -> Result<Option<T>> {
        while self.left == 0 {
            let page = self.pages.next()?.ok_or_else(|| wrong("a column has fewer rows than told"))?;
            self.begin(page)?;
        }
        self.left -= 1;
        let short = || wrong("a page has fewer values than told");
        if let Some(levels) = &mut self.levels
            && levels.next().ok_or_else(short)? != self.present
        {
            return Ok(None);
        }
        match &mut self.stored {
            Stored::Plain(bytes) => T::cut(bytes).ok_or_else(short).map(Some),
            Stored::Places(places) => {
                let place = places.next().ok_or_else(short)?;
                let value = self.dictionary.get(place as usize).cloned();
                value.ok_or_else(|| wrong("a value is not in its dictionary")).map(Some)
            }
        }
    }

    fn begin(&mut self, page: Page) -> Result<()> {
        let (bytes, encoding) = match page {
            Page::DictionaryPage { mut buf, num_values, .. } => {
                let values = (0..num_values).map_while(|_| T::cut(&mut buf));
                self.dictionary = values.collect();
                return match self.dictionary.len() == num_values as usize {
                    true => Ok(()),
                    false => Err(wrong("a dictionary has fewer values than told")),
                };
            }
            Page::DataPage { mut buf, num_values, encoding, def_level_encoding, .. } => {
                self.left = num_values;
                if self.present > 0 {
                    if def_level_encoding != Encoding::RLE {
                        return Err(encoded(def_level_encoding));
                    }
                    let levels = Bytes::cut(&mut buf);
                    self.levels(levels.ok_or_else(|| wrong("a page is shorter than its levels"))?)?;
                }
                (buf, encoding)
            }
            Page::DataPageV2 {
                mut buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                self.left = num_values;
                let (repeated, levels) = (rep_levels_byte_len as usize, def_levels_byte_len as usize);
                if buf.len() < repeated + levels {
                    return Err(wrong("a page is shorter than its levels"));
                }
                buf.advance(repeated);
                let levels = buf.split_to(levels);
                if self.present > 0 {
                    self.levels(levels)?;
                }
                (buf, encoding)
            }
        };
        self.stored(bytes, encoding)
    }

    fn levels(&mut self, bytes: Bytes) -> Result<()> {
        let width = (u32::BITS - self.present.leading_zeros()) as usize;
        self.levels = Some(Hybrid::new(bytes, width).ok_or_else(|| wrong("its levels are too many"))?);
        Ok(())
    }

    fn stored(&mut self, mut bytes: Bytes, encoding: Encoding) -> Result<()> {
        self.stored = match encoding {
            Encoding::PLAIN => Stored::Plain(bytes),
            #[allow(deprecated)]
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                // A page of nothing but nulls may lack the width.
                let width = bytes.try_get_u8().unwrap_or_default();
                let places = Hybrid::new(bytes, width.into());
                Stored::Places(places.ok_or_else(|| wrong("places in a dictionary have too many bits"))?)
            }
            other => return Err(encoded(other)),
        };
        Ok(())
    }
}

fn encoded(encoding: Encoding) -> parquet::errors::ParquetError {
    let why = "which is not read here; write it with the encoding PLAIN or with a dictionary";
    wrong(format!("a column has the encoding {encoding}, {why}"))
}

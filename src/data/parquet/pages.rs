//! The pages of a column, unpacked. The library finds them and reads their headers; what they claim is
//! checked before memory is asked for.

use super::unpack::unpack;
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::sync::Arc;

/// A file of which nothing is read beyond its end. The library takes an end for bytes that it passes over:
/// of a list that claims two thousand million of them, each would be tried.
pub struct Source(pub File);

impl Length for Source {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for Source {
    type T = Strict;

    fn get_read(&self, start: u64) -> Result<Strict> {
        self.0.get_read(start).map(Strict)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// A reader for which the end is an error.
pub struct Strict(BufReader<File>);

impl Read for Strict {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => Err(ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// The pages of one column in one row group, unpacked as they are read.
pub struct Pages {
    pages: SerializedPageReader<Source>,
    codec: Compression,
}

impl Pages {
    /// Before the first page.
    ///
    /// # Errors
    /// The column does not lie within the file.
    pub fn open(file: &Arc<Source>, length: u64, chunk: &ColumnChunkMetaData, rows: usize) -> Result<Self> {
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let end = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
        let end = end.and_then(|(start, bytes)| start.checked_add(bytes));
        if end.is_none_or(|end| end > length) {
            return Err(wrong(format!("the column {} ends beyond the file", chunk.column_path())));
        }
        let codec = chunk.compression();
        let plain = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let pages = SerializedPageReader::new(Arc::clone(file), &plain, rows, None)?;
        Ok(Self { pages, codec })
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// It is cut off, damaged or packed in a way that is not read.
    pub fn next(&mut self) -> Result<Option<Page>> {
        let Some(mut page) = self.pages.get_next_page()? else { return Ok(None) };
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = unpack(self.codec, buf, 0).map_err(wrong)?;
            }
            // The levels lie before the values, and are not packed.
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, is_compressed, .. } => {
                let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                if levels > buf.len() {
                    return Err(wrong("a page is shorter than its levels"));
                }
                if *is_compressed {
                    *buf = unpack(self.codec, buf, levels).map_err(wrong)?;
                }
            }
        }
        Ok(Some(page))
    }
}

/// An error like the library's own.
pub fn wrong(why: impl Into<String>) -> ParquetError {
    ParquetError::General(why.into())
}

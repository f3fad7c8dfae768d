//! The pages of a column, unpacked. The library reads them as they are stored: what they claim is checked
//! here before memory is asked for.

use super::unpack::unpack;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader};
use parquet::data_type::DataType;
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

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes> {
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

/// A reader of one column in one row group.
///
/// # Errors
/// The column does not lie within the file, or has not the values of its type.
pub fn column<T: DataType>(
    file: &Arc<Source>,
    length: u64,
    chunk: &ColumnChunkMetaData,
    rows: usize,
) -> Result<ColumnReaderImpl<T>> {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let end = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
    let end = end.and_then(|(start, bytes)| start.checked_add(bytes));
    if end.is_none_or(|end| end > length) {
        return Err(wrong(format!("the column {} ends beyond the file", chunk.column_path())));
    }
    if chunk.column_type() != chunk.column_descr().physical_type() {
        return Err(wrong(format!("the column {} is of another type than told", chunk.column_path())));
    }
    let codec = chunk.compression();
    let plain = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
    let pages = SerializedPageReader::new(Arc::clone(file), &plain, rows, None)?;
    let unpacked = Unpacked { pages, codec, kind: chunk.column_type() };
    Ok(get_typed_column_reader(get_column_reader(chunk.column_descr_ptr(), Box::new(unpacked))))
}

fn wrong(why: String) -> ParquetError {
    ParquetError::General(why)
}

/// Pages that are unpacked as they are read.
struct Unpacked {
    pages: SerializedPageReader<Source>,
    codec: Compression,
    kind: Type,
}

impl Unpacked {
    /// Whether the library reads an encoding without trusting it: in lengths told as differences, a
    /// negative one is its panic.
    fn is_read(&self, encoding: Encoding) -> bool {
        match encoding {
            Encoding::PLAIN | Encoding::RLE_DICTIONARY => true,
            #[allow(deprecated)]
            Encoding::PLAIN_DICTIONARY => true,
            Encoding::DELTA_BINARY_PACKED => self.kind != Type::BYTE_ARRAY,
            _ => false,
        }
    }

    fn unpack(&self, mut page: Page) -> Result<Page> {
        let encoding = page.encoding();
        if !self.is_read(encoding) {
            let why = "which is not read here; write it with the encoding PLAIN or with a dictionary";
            return Err(wrong(format!("a column has the encoding {encoding}, {why}")));
        }
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = unpack(self.codec, buf, 0).map_err(wrong)?;
            }
            // The levels lie before the values, and are not packed.
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, is_compressed, .. } => {
                let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                if levels > buf.len() {
                    return Err(wrong(String::from("a page is shorter than its levels")));
                }
                if *is_compressed {
                    *buf = unpack(self.codec, buf, levels).map_err(wrong)?;
                }
            }
        }
        if let Page::DictionaryPage { buf, num_values, .. } = &page {
            // Bytes that a value takes at least; the dictionary is made as long as it claims to be.
            let least = if self.kind == Type::INT64 { 8 } else { 4 };
            if (*num_values as usize).saturating_mul(least) > buf.len() {
                let bytes = buf.len();
                return Err(wrong(format!("a dictionary of {num_values} values has {bytes} bytes")));
            }
        }
        Ok(page)
    }
}

impl Iterator for Unpacked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Unpacked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        page.map(|page| self.unpack(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

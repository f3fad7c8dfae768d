//! Packed pages, unpacked within bounds by libraries in Rust.

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use ruzstd::decoding::StreamingDecoder;
use std::io::Read;

/// A page may unpack to so many bytes, whatever its size is …
const ALWAYS: usize = 64 << 20;
/// … or to so many times its size. Images hardly pack at all, and lists of labels are short.
const RATIO: usize = 64;
/// The window that the strongest levels of zstd ask for.
const WINDOW: u64 = 128 << 20;

/// The bytes of a page: the first `plain` as they are, the others unpacked.
///
/// # Errors
/// They are damaged, unpack to more than a page has, or are packed in another way.
pub fn unpack(codec: Compression, page: &Bytes, plain: usize) -> Result<Bytes, String> {
    if codec == Compression::UNCOMPRESSED {
        return Ok(page.clone());
    }
    let (levels, packed) = page.split_at(plain);
    let limit = packed.len().saturating_mul(RATIO).max(ALWAYS);
    let mut unpacked = levels.to_vec();
    // A page of nothing but levels.
    if packed.is_empty() {
        return Ok(unpacked.into());
    }
    match codec {
        Compression::SNAPPY => unpacked.append(&mut snappy(packed, limit)?),
        Compression::GZIP(_) => within(MultiGzDecoder::new(packed), &mut unpacked, limit)?,
        Compression::ZSTD(_) => {
            let frame = StreamingDecoder::new_with_max_window_size(packed, WINDOW).map_err(words)?;
            within(frame, &mut unpacked, limit)?;
        }
        Compression::LZ4_RAW => unpacked.append(&mut lz4(packed, limit)?),
        other => {
            return Err(format!(
                "it is packed with {other}, which is not read here; write it with snappy, gzip or zstd"
            ));
        }
    }
    Ok(unpacked.into())
}

fn words(error: impl std::fmt::Display) -> String {
    format!("a page cannot be unpacked: {error}")
}

fn too_much(limit: usize) -> String {
    format!("a page unpacks to more than {limit} bytes")
}

fn within(from: impl Read, to: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let before = to.len();
    from.take(limit as u64 + 1).read_to_end(to).map_err(words)?;
    if to.len() - before > limit { Err(too_much(limit)) } else { Ok(()) }
}

fn snappy(packed: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    if snap::raw::decompress_len(packed).map_err(words)? > limit {
        return Err(too_much(limit));
    }
    snap::raw::Decoder::new().decompress_vec(packed).map_err(words)
}

/// A block does not say how long it will be: more and more room is tried.
fn lz4(packed: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let mut room = packed.len().saturating_mul(4).clamp(1024, limit);
    loop {
        match lz4_flex::block::decompress(packed, room) {
            Err(lz4_flex::block::DecompressError::OutputTooSmall { .. }) if room < limit => {
                room = room.saturating_mul(4).min(limit);
            }
            unpacked => return unpacked.map_err(words),
        }
    }
}

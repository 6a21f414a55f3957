//! A piece of a log file as it travels to the database and back: compressed, and never larger than
//! it says. Pure.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// No piece is larger: whoever reads one holds it in memory.
pub(crate) const LARGEST_CHUNK: usize = 256 << 10;

/// As raw DEFLATE, quickly rather than small.
///
/// # Errors
/// There is no memory.
pub(crate) fn pack_chunk(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes)?;
    packed.finish()
}

/// The bytes of a piece that has so many.
///
/// # Errors
/// It is larger than any piece, or does not hold that many.
pub fn unpack_chunk(packed: &[u8], length: u64) -> io::Result<Vec<u8>> {
    let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= LARGEST_CHUNK)
        .ok_or_else(|| wrong(format!("a piece of a log of {length} bytes is none of ours")))?;
    let mut bytes = Vec::with_capacity(length);
    DeflateDecoder::new(packed)
        .take(length as u64 + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() != length {
        return Err(wrong(format!(
            "a piece of a log has not the {length} bytes that it says"
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_piece_comes_back_as_it_was(bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
            let packed = pack_chunk(&bytes).unwrap();
            prop_assert_eq!(unpack_chunk(&packed, bytes.len() as u64).unwrap(), bytes);
        }

        #[test]
        fn what_is_no_piece_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..500), length in 1..u64::MAX) {
            // It may be one by chance; whatever it is, it is as long as it says.
            if let Ok(unpacked) = unpack_chunk(&bytes, length) {
                prop_assert_eq!(unpacked.len() as u64, length);
            }
        }
    }

    #[test]
    fn a_piece_that_would_fill_the_memory_is_not_read() {
        let packed = pack_chunk(&vec![b'x'; 16 << 20]).unwrap();
        for length in [1, 100_000, 16 << 20, u64::MAX] {
            assert!(unpack_chunk(&packed, length).is_err(), "{length}");
        }
    }
}

//! Where a thread reads files to: one buffer for all of them, at the beginning
//! of a page, because the kernel copies there in half the time.

/// The size of a page, or a divisor of it, in bytes.
const PAGE: usize = 4096;
/// What a buffer begins with, in bytes; most sources fit.
const FIRST: usize = 64 << 10;

/// A buffer that grows as it must.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    /// Room for most sources.
    pub(crate) fn new() -> Self {
        Self::of(FIRST)
    }

    fn of(size: usize) -> Self {
        let bytes = vec![0; size + PAGE];
        let start = bytes.as_ptr().align_offset(PAGE).min(PAGE);
        Self { bytes, start }
    }

    /// What is free behind the first `length` bytes: never nothing.
    pub(crate) fn room(&mut self, length: usize) -> &mut [u8] {
        if self.start + length >= self.bytes.len() {
            let mut larger = Self::of(length * 2);
            larger.bytes[larger.start..][..length].copy_from_slice(self.filled(length));
            *self = larger;
        }
        &mut self.bytes[self.start + length..]
    }

    /// The first `length` bytes.
    pub(crate) fn filled(&self, length: usize) -> &[u8] {
        &self.bytes[self.start..][..length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_keeps_what_is_there() {
        let mut buffer = Buffer::new();
        let mut length = 0;
        for byte in 0..5 {
            let room = buffer.room(length);
            assert!(!room.is_empty());
            room.fill(byte);
            length += room.len();
        }
        assert_eq!(buffer.filled(1), [0]);
        assert!(buffer.filled(length).is_sorted());
        assert_eq!(buffer.filled(length).as_ptr().align_offset(PAGE), 0);
    }
}

//! Lines of bounded length.

use std::io::{self, BufRead, Read};

/// Appends the next line to `line`, its newline included; `false` at the end. What `line`
/// holds already, of a line that had no end yet, counts.
///
/// # Errors
/// It cannot be read. A line of more than `limit` bytes is [`io::ErrorKind::InvalidData`]; it
/// is passed over, `line` is emptied, and the next call reads the one after it.
pub(crate) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
    let room = (limit + 1).saturating_sub(line.len()) as u64;
    let read = Read::by_ref(reader).take(room).read_until(b'\n', line)?;
    if line.len() > limit && line.last() != Some(&b'\n') {
        line.clear();
        reader.skip_until(b'\n')?;
        let words = format!("the line has more than {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, words));
    }
    Ok(read > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_costs_itself() {
        let mut reader = &b"one\n\nlonger than that\nfour\nlast"[..];
        let mut line = Vec::new();
        let mut seen = Vec::new();
        loop {
            line.clear();
            match read_line(&mut reader, &mut line, 4) {
                Ok(false) => break,
                Ok(true) => seen.push(String::from_utf8(line.clone()).unwrap()),
                Err(error) => seen.push(error.to_string()),
            }
        }
        assert_eq!(
            seen,
            ["one\n", "\n", "the line has more than 4 bytes", "four\n", "last"]
        );
    }
}

//! Any bytes in any chunks: no byte is lost or invented, no line is too long, no
//! whole line is cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orchestrator::process::{Line, LINE_LIMIT, LineFramer};

fuzz_target!(|input: (u16, Vec<u8>, u8)| {
    let (chunk, bytes, repeat) = input;
    // Long enough, sometimes, for the limit of a line.
    let bytes = bytes.repeat(usize::from(repeat) + 1);
    let mut framer = LineFramer::new();
    let mut seen = Vec::with_capacity(bytes.len());
    let mut take = |line: Line<'_>| {
        assert!(line.text.len() <= LINE_LIMIT);
        assert!(!line.text.contains(&b'\n'));
        seen.extend_from_slice(line.text);
        seen.extend_from_slice(line.end.as_bytes());
    };
    for part in bytes.chunks(usize::from(chunk) + 1) {
        framer.push(part, &mut take);
    }
    framer.flush(&mut take);
    assert!(!framer.is_mid_line());
    assert!(seen == bytes);
});

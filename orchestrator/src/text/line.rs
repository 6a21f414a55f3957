//! A collector's line as a screen shows it: what a carriage return wrote over is gone, and its
//! colours stay where colours belong. Everything else is made harmless by `safe`. Pure.

use crate::text::safe::push_safe;

/// Appends the line; with `colour` its SGR sequences pass, otherwise they are left out. Styles
/// end with it.
pub(crate) fn push_line(into: &mut String, line: &[u8], colour: bool) {
    let line = after_last_return(line);
    if memchr::memchr(0x1b, line).is_none() {
        push_safe(into, line);
        return;
    }
    let mut rest = line;
    let mut styled = false;
    while let Some(start) = memchr::memchr(0x1b, rest) {
        let Some((parameters, after)) = sgr(&rest[start..]) else {
            // Not one that may pass: it is shown as what it is.
            push_safe(into, &rest[..=start]);
            rest = &rest[start + 1..];
            continue;
        };
        push_safe(into, &rest[..start]);
        if colour && let Some(style) = harmless(parameters) {
            into.push_str(&style);
            styled = true;
        }
        rest = after;
    }
    push_safe(into, rest);
    if styled {
        into.push_str("\x1b[0m");
    }
}

/// What stands on a terminal in the end: a progress bar is written over itself.
pub(crate) fn after_last_return(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let Some(rest) = line.strip_suffix(b"\r") {
        line = rest;
    }
    match memchr::memrchr(b'\r', line) {
        Some(last) => &line[last + 1..],
        None => line,
    }
}

/// The parameters of the SGR sequence that `bytes` begin with, and what follows it (ECMA-48,
/// 8.3.117).
fn sgr(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let inner = bytes.strip_prefix(b"\x1b[")?;
    let end = inner
        .iter()
        .position(|&byte| !(byte.is_ascii_digit() || byte == b';' || byte == b':'))?;
    if inner[end] != b'm' {
        return None;
    }
    Some((std::str::from_utf8(&inner[..end]).ok()?, &inner[end + 1..]))
}

/// The sequence without what could hide text or pass for something else: backgrounds, black,
/// blinking, inverse and concealed text, and colours of one's own.
fn harmless(parameters: &str) -> Option<String> {
    let mut passed = Vec::new();
    let mut numbers = parameters.split(';');
    while let Some(number) = numbers.next() {
        match number.parse::<u8>() {
            // What follows are the colour's own numbers.
            Ok(38 | 48 | 58) => {
                let more = match numbers.next() {
                    Some("5") => 1,
                    Some("2") => 3,
                    _ => 0,
                };
                for _ in 0..more {
                    numbers.next();
                }
            }
            Ok(0..=4 | 22..=24 | 31..=37 | 39 | 90..=97) => passed.push(number),
            _ if number.is_empty() => passed.push("0"),
            _ => {}
        }
    }
    (!passed.is_empty()).then(|| format!("\x1b[{}m", passed.join(";")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &[u8], colour: bool) -> String {
        let mut text = String::new();
        push_line(&mut text, line, colour);
        text
    }

    #[test]
    fn what_stands_after_the_last_return_counts() {
        for (line, stays) in [
            (&b"10%\r20%\r100% done"[..], "100% done"),
            (b"10%\r20%\r", "20%"),
            (b"\r50%\r\r", "50%"),
            (b"plain\r", "plain"),
            (b"\r\r", ""),
            (b"plain", "plain"),
        ] {
            assert_eq!(shown(line, false), stays, "{line:?}");
        }
    }

    #[test]
    fn colours_pass_where_they_belong_and_end_with_the_line() {
        let line = b"\x1b[1;31mred\x1b[0m plain";
        assert_eq!(shown(line, true), "\x1b[1;31mred\x1b[0m plain\x1b[0m");
        assert_eq!(shown(line, false), "red plain");
        assert_eq!(shown(b"\x1b[m", true), "\x1b[0m\x1b[0m");
        assert_eq!(
            shown(b"\x1b[38;5;196mx", true),
            "x",
            "a palette of one's own does not"
        );
    }

    #[test]
    fn nothing_else_passes() {
        for (line, stays) in [
            (&b"\x1b[2Jgone"[..], "\\u{1b}[2Jgone"),
            (b"\x1b[8mhidden", "hidden"),
            (b"\x1b[40;30mblack", "black"),
            (b"\x1b[7;41;31mx", "\x1b[31mx\x1b[0m"),
            (b"\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            (b"\x1b\x1b[1mx", "\\u{1b}\x1b[1mx\x1b[0m"),
            (b"half \x1b[3", "half \\u{1b}[3"),
            ("\u{202e}abc\x1b[1A".as_bytes(), "\\u{202e}abc\\u{1b}[1A"),
        ] {
            assert_eq!(shown(line, true), stays, "{line:?}");
        }
    }
}

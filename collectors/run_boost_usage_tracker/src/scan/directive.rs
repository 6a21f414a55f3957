//! One line that may hold a directive or an import: what it includes, and what
//! it does to the conditions.

use std::borrow::Cow;

use memchr::memmem;

use super::condition::Conditions;
use super::cursor::{Cursor, is_of_name};
use super::{Form, Include};

/// Longest name kept, in bytes: longer ones are names of nothing we know.
const NAME: usize = 256;
/// Longest header kept, in bytes (PATH_MAX of limits.h).
const HEADER: usize = 4096;
/// Longest condition kept, in bytes; the rest cannot make it a literal.
const CONDITION: usize = 64 << 10;

/// Reads the line that begins here, up to somewhere before its end.
pub(super) fn read(cursor: &mut Cursor<'_>, conditions: &mut Conditions, each: &mut impl FnMut(Include<'_>)) {
    match cursor.peek() {
        Some(b'#') => {
            cursor.next();
        }
        Some(b'%') => {
            cursor.next();
            cursor.next();
        }
        _ => return import(cursor, conditions, each),
    }
    cursor.skip_blank();
    let name = identifier(cursor);
    match &*name {
        b"include" | b"include_next" | b"import" => {
            conditions.other(&name);
            if conditions.is_live() {
                include(cursor, conditions.is_conditional(), each);
            }
        }
        b"if" => {
            let condition = condition(cursor);
            probes(&condition, conditions, each);
            conditions.open(&condition);
        }
        b"elif" => {
            let condition = condition(cursor);
            probes(&condition, conditions, each);
            conditions.alternative(Some(&condition));
        }
        b"ifdef" => conditions.open_defined(None),
        b"ifndef" => {
            cursor.skip_blank();
            let undefined = identifier(cursor);
            conditions.open_defined(Some(&undefined));
        }
        b"elifdef" | b"elifndef" => conditions.alternative(None),
        b"else" => conditions.otherwise(),
        b"endif" => conditions.close(),
        b"define" if !conditions.awaits_guard() => conditions.other(&name),
        b"define" => {
            cursor.skip_blank();
            let defined = identifier(cursor);
            conditions.define(&defined);
        }
        other => conditions.other(other),
    }
}

fn include(cursor: &mut Cursor<'_>, conditional: bool, each: &mut impl FnMut(Include<'_>)) {
    cursor.skip_blank();
    let found = match header(cursor) {
        Some((header, form)) => Include {
            header,
            form,
            conditional,
        },
        None if cursor
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_') =>
        {
            Include {
                header: Cow::Borrowed(b""),
                form: Form::Computed,
                conditional,
            }
        }
        None => return,
    };
    each(found);
}

/// `import <header>;` and `export import <header>;` of C++20. Named modules are
/// no headers.
fn import(cursor: &mut Cursor<'_>, conditions: &mut Conditions, each: &mut impl FnMut(Include<'_>)) {
    let mut word = identifier(cursor);
    if *word == *b"export" {
        cursor.skip_blank();
        word = identifier(cursor);
    }
    if *word != *b"import" {
        return;
    }
    cursor.skip_blank();
    let Some((header, form)) = header(cursor) else {
        return;
    };
    cursor.skip_blank();
    if cursor.peek() == Some(b';') && conditions.is_live() {
        each(Include {
            header,
            form,
            conditional: conditions.is_conditional(),
        });
    }
}

/// The header between brackets or quotes that begins here. A line that ends
/// before the closing one has none.
fn header<'a>(cursor: &mut Cursor<'a>) -> Option<(Cow<'a, [u8]>, Form)> {
    let (close, form) = match cursor.peek()? {
        b'<' => (b'>', Form::Angle),
        b'"' => (b'"', Form::Quote),
        _ => return None,
    };
    cursor.next();
    // Nearly always it stands there in one piece.
    let header = match cursor.enclosed(close) {
        Some(header) => Cow::Borrowed(header),
        None => Cow::Owned(header_in_pieces(cursor, close)?),
    };
    let header = tidy(header);
    (!header.is_empty() && header.len() <= HEADER).then_some((header, form))
}

/// The same, wherever lines are continued.
fn header_in_pieces(cursor: &mut Cursor<'_>, close: u8) -> Option<Vec<u8>> {
    let mut header = Vec::with_capacity(48);
    loop {
        match cursor.peek()? {
            b'\n' => return None,
            byte if byte == close => {
                cursor.next();
                return Some(header);
            }
            byte if header.len() < HEADER => header.push(byte),
            _ => return None,
        }
        cursor.next();
    }
}

/// Backslashes become slashes, several become one, `./` before it goes: the
/// same header has one name.
fn tidy(header: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let odd = header.contains(&b'\\')
        || header.first() == Some(&b'.')
        || header.windows(2).any(|pair| pair == b"//")
        || header.first() == Some(&b' ')
        || header.last() == Some(&b' ');
    if !odd {
        return header;
    }
    let mut tidied: Vec<u8> = Vec::with_capacity(header.len());
    for byte in header.trim_ascii() {
        let byte = if *byte == b'\\' { b'/' } else { *byte };
        if byte != b'/' || tidied.last() != Some(&b'/') {
            tidied.push(byte);
        }
    }
    while tidied.starts_with(b"./") {
        tidied.drain(..2);
    }
    Cow::Owned(tidied)
}

/// The rest of the logical line; comments and runs of spaces become one space.
fn condition(cursor: &mut Cursor<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some(byte) = cursor.peek().filter(|byte| *byte != b'\n') {
        let blank = byte.is_ascii_whitespace() || (byte == b'/' && cursor.skip_comment());
        let byte = if blank { b' ' } else { byte };
        // After a comment the position is past it already.
        if !blank
            || cursor
                .peek()
                .is_some_and(|next| next.is_ascii_whitespace() && next != b'\n')
        {
            cursor.next();
        }
        if text.len() < CONDITION && !(blank && text.last() == Some(&b' ')) {
            text.push(byte);
        }
    }
    text
}

/// The questions that a condition asks with `__has_include`.
fn probes(condition: &[u8], conditions: &Conditions, each: &mut impl FnMut(Include<'_>)) {
    if !conditions.is_live() {
        return;
    }
    for found in memmem::find_iter(condition, b"__has_include") {
        let mut rest = Cursor::new(&condition[found..]);
        identifier(&mut rest);
        rest.skip_blank();
        if rest.peek() != Some(b'(') {
            continue;
        }
        rest.next();
        rest.skip_blank();
        if let Some((header, _)) = header(&mut rest) {
            each(Include {
                header,
                form: Form::Probe,
                conditional: conditions.is_conditional(),
            });
        }
    }
}

/// The identifier that begins here; empty where none does.
fn identifier<'a>(cursor: &mut Cursor<'a>) -> Cow<'a, [u8]> {
    let whole = cursor.word();
    if whole.len() <= NAME && !cursor.ahead(b"\\") {
        return Cow::Borrowed(whole);
    }
    let mut name = whole[..whole.len().min(NAME)].to_vec();
    while let Some(byte) = cursor.peek().filter(|byte| is_of_name(*byte)) {
        if name.len() < NAME {
            name.push(byte);
        }
        cursor.next();
    }
    Cow::Owned(name)
}

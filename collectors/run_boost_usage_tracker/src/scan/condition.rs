//! Which part of a file the preprocessor would take, as far as the file alone
//! tells. Pure; fed by [`super::directive`].

/// What is known about a group of lines between conditional directives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Always,
    Perhaps,
    Never,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    now: Taken,
    // What the groups before this one were, together.
    before: Taken,
}

/// How far the search for the file's include guard is.
#[derive(Debug, Default, PartialEq, Eq)]
enum Guard {
    /// No directive yet.
    #[default]
    Possible,
    /// The first one asks whether this name is undefined.
    Asked(Vec<u8>),
    /// Decided, either way.
    Settled,
}

/// The open `#if`s of a file.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    frames: Vec<Frame>,
    never: usize,
    perhaps: usize,
    guard: Guard,
}

impl Conditions {
    /// Whether lines here are read at all.
    pub(super) fn is_live(&self) -> bool {
        self.never == 0
    }

    /// Whether lines here depend on a macro.
    pub(super) fn is_conditional(&self) -> bool {
        self.perhaps > 0
    }

    /// Whether a name defined now may make the condition before it the file's guard.
    pub(super) fn awaits_guard(&self) -> bool {
        matches!(self.guard, Guard::Asked(_))
    }

    /// `#if`, with its condition.
    pub(super) fn open(&mut self, condition: &[u8]) {
        let asked = self.guard == Guard::Possible && self.frames.is_empty();
        self.guard = match undefined_name(condition) {
            Some(name) if asked => Guard::Asked(name.to_vec()),
            _ => Guard::Settled,
        };
        self.push(Frame {
            now: evaluate(condition),
            before: Taken::Never,
        });
    }

    /// `#ifdef`, or `#ifndef` with its name.
    pub(super) fn open_defined(&mut self, undefined: Option<&[u8]>) {
        let asked = self.guard == Guard::Possible && self.frames.is_empty();
        self.guard = match undefined {
            Some(name) if asked => Guard::Asked(name.to_vec()),
            _ => Guard::Settled,
        };
        self.push(Frame {
            now: Taken::Perhaps,
            before: Taken::Never,
        });
    }

    /// `#define`: of the name just asked for, it makes the condition the file's guard.
    pub(super) fn define(&mut self, name: &[u8]) {
        let is_guard = matches!(&self.guard, Guard::Asked(asked) if asked == name);
        self.guard = Guard::Settled;
        if is_guard && let Some(mut frame) = self.pop() {
            frame.now = Taken::Always;
            self.push(frame);
        }
    }

    /// `#elif` with its condition; `None` for one that asks for a definition.
    pub(super) fn alternative(&mut self, condition: Option<&[u8]>) {
        self.follow(condition.map_or(Taken::Perhaps, evaluate));
    }

    /// `#else`.
    pub(super) fn otherwise(&mut self) {
        self.follow(Taken::Always);
    }

    /// `#endif`. One too many is ignored.
    pub(super) fn close(&mut self) {
        self.guard = Guard::Settled;
        self.pop();
    }

    /// Any other directive.
    pub(super) fn other(&mut self, name: &[u8]) {
        // `#pragma once` before the guard is common.
        if name != b"pragma" {
            self.guard = Guard::Settled;
        }
    }

    fn follow(&mut self, condition: Taken) {
        self.guard = Guard::Settled;
        let Some(Frame { now, before }) = self.pop() else {
            return;
        };
        let before = match (before, now) {
            (Taken::Always, _) | (_, Taken::Always) => Taken::Always,
            (Taken::Never, Taken::Never) => Taken::Never,
            _ => Taken::Perhaps,
        };
        let now = match (before, condition) {
            (Taken::Always, _) | (_, Taken::Never) => Taken::Never,
            (Taken::Never, condition) => condition,
            (Taken::Perhaps, _) => Taken::Perhaps,
        };
        // After a condition that always holds nothing more can be taken.
        let before = if condition == Taken::Always {
            Taken::Always
        } else {
            before
        };
        self.push(Frame { now, before });
    }

    fn push(&mut self, frame: Frame) {
        self.never += usize::from(frame.now == Taken::Never);
        self.perhaps += usize::from(frame.now == Taken::Perhaps);
        self.frames.push(frame);
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop()?;
        self.never -= usize::from(frame.now == Taken::Never);
        self.perhaps -= usize::from(frame.now == Taken::Perhaps);
        Some(frame)
    }
}

fn evaluate(condition: &[u8]) -> Taken {
    let mut condition = condition.trim_ascii();
    while let Some(inner) = condition
        .strip_prefix(b"(")
        .and_then(|inner| inner.strip_suffix(b")"))
    {
        condition = inner.trim_ascii();
    }
    match condition {
        b"0" | b"false" => Taken::Never,
        b"1" | b"true" => Taken::Always,
        _ => Taken::Perhaps,
    }
}

/// The name in `!defined(NAME)` or `!defined NAME`, if that is all there is.
fn undefined_name(condition: &[u8]) -> Option<&[u8]> {
    let name = condition
        .trim_ascii()
        .strip_prefix(b"!")?
        .trim_ascii()
        .strip_prefix(b"defined")?
        .trim_ascii();
    let name = match name.strip_prefix(b"(") {
        Some(inner) => inner.strip_suffix(b")")?.trim_ascii(),
        None => name,
    };
    let is_name = !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    is_name.then_some(name)
}

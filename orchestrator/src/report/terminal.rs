//! [`Terminal`] is the one way to standard error while a run goes on: whoever writes there,
//! our own diagnostics included, writes through it, so that the live view steps aside. A
//! terminal that is closed in the middle of a run ends nothing: what fails is not shown.

use std::io::{self, IsTerminal, Write};

use console::Term;
use indicatif::{MultiProgress, ProgressDrawTarget, TermLike};

/// Standard error, shared by everybody who writes for people. Cheap to clone.
#[derive(Clone)]
pub struct Terminal {
    live: Option<MultiProgress>,
    colour: bool,
}

impl Terminal {
    /// `live` asks for the live view; it is shown only if standard error is a terminal.
    pub fn new(live: bool, colour: bool) -> Self {
        let live =
            (live && io::stderr().is_terminal()).then(|| MultiProgress::with_draw_target(draw_target()));
        Self { live, colour }
    }

    /// The live view, if there is one.
    pub(crate) fn live_view(&self) -> Option<&MultiProgress> {
        self.live.as_ref()
    }

    /// Whether ANSI styles belong on standard error.
    pub fn colour(&self) -> bool {
        self.colour
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // indicatif prints nothing at all through `println` when there is no
        // terminal; `suspend` serves both.
        match &self.live {
            Some(live) => live.suspend(|| io::stderr().write_all(bytes))?,
            None => io::stderr().write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn draw_target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(Forgiving(Term::buffered_stderr())), 8)
}

/// indicatif unwraps what its terminal answers, in threads of its own; this one never fails.
#[derive(Debug)]
struct Forgiving(Term);

impl TermLike for Forgiving {
    fn width(&self) -> u16 {
        self.0.size().1
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n).or(Ok(()))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n).or(Ok(()))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n).or(Ok(()))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n).or(Ok(()))
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.0.write_line(line).or(Ok(()))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text).or(Ok(()))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line().or(Ok(()))
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush().or(Ok(()))
    }
}

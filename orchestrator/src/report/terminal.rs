//! [`Terminal`] is the one way to standard error while a run goes on: whoever writes there,
//! our own diagnostics included, writes through it, so that the live view steps aside. A
//! terminal that is closed in the middle of a run ends nothing: what fails is not shown. A
//! service waits for no reader (`service_stderr.rs`); who starts a run by hand is to see all of it.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use console::Term;
use indicatif::{MultiProgress, ProgressDrawTarget, TermLike};

use crate::report::service_stderr::ServiceStderr;

/// Standard error, shared by everybody who writes for people. Cheap to clone.
#[derive(Clone)]
pub struct Terminal {
    way: Way,
    colour: bool,
}

#[derive(Clone)]
enum Way {
    Plain,
    Live(MultiProgress),
    Service(ServiceStderr),
}

impl Terminal {
    /// `live` asks for the live view; it is shown only if standard error is a terminal.
    pub fn new(live: bool, colour: bool) -> Self {
        let way = match live && io::stderr().is_terminal() {
            true => Way::Live(MultiProgress::with_draw_target(draw_target())),
            false => Way::Plain,
        };
        Self { way, colour }
    }

    /// Of a service: nobody waits for its reader. `note` says in a line how many lines were left out.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn of_service(colour: bool, note: impl Fn(u64) -> String + Send + 'static) -> io::Result<Self> {
        let stderr = ServiceStderr::start(io::stderr(), Box::new(note))?;
        Ok(Self {
            way: Way::Service(stderr),
            colour,
        })
    }

    /// Waits until all is written, for so long. Whether it is.
    pub fn drain(&self, patience: Duration) -> bool {
        match &self.way {
            Way::Plain | Way::Live(_) => true,
            Way::Service(stderr) => stderr.drain(patience),
        }
    }

    /// The live view, if there is one.
    pub(crate) fn live_view(&self) -> Option<&MultiProgress> {
        match &self.way {
            Way::Live(live) => Some(live),
            Way::Plain | Way::Service(_) => None,
        }
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
        match &self.way {
            Way::Live(live) => live.suspend(|| io::stderr().write_all(bytes))?,
            Way::Plain => io::stderr().write_all(bytes)?,
            Way::Service(stderr) => stderr.write(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &self.way {
            Way::Plain | Way::Live(_) => io::stderr().flush(),
            Way::Service(_) => Ok(()),
        }
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

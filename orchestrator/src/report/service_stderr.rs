//! Standard error of a service: a thread of its own writes it, so that whoever has something to
//! say never waits for a terminal or a pipe that nobody reads. What does not fit is left out, and
//! said in its place. Nothing is lost by that but the sight of it: logs and diagnostics are in files.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// How many bytes may wait for their reader. A pipe that is read at all takes them in no time.
const MOST: usize = 1 << 20;

/// Says that so many lines are missing, in a line of the form of the others.
type Note = Box<dyn Fn(u64) -> String + Send>;

/// What is to be written. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ServiceStderr(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    /// Lines that came when there was no room, after those that wait.
    missing: u64,
    is_writing: bool,
    /// Nobody can read it any more.
    is_closed: bool,
}

impl ServiceStderr {
    /// Starts the thread, which ends with the process.
    ///
    /// # Errors
    /// No thread can be started (pthread_create(3), EAGAIN).
    pub(crate) fn start(into: impl Write + Send + 'static, note: Note) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let written = Arc::clone(&shared);
        Builder::new()
            .name("stderr".to_owned())
            .spawn(move || written.write_out(into, &note))?;
        Ok(Self(shared))
    }

    /// Takes whole lines, or leaves them out. Does not wait.
    pub(crate) fn write(&self, lines: &[u8]) {
        let mut queue = self.0.lock();
        if queue.is_closed {
            return;
        }
        // What fits behind a gap waits for its note all the same: lines keep their order.
        if queue.missing > 0 || queue.waiting.len() + lines.len() > MOST {
            queue.missing += count_lines(lines);
            return;
        }
        queue.waiting.extend_from_slice(lines);
        drop(queue);
        self.0.changed.notify_all();
    }

    /// Waits until all is written, for so long. Whether it is.
    pub(crate) fn drain(&self, patience: Duration) -> bool {
        let goes_on = |queue: &mut Queue| !queue.is_closed && (queue.is_writing || !queue.waiting.is_empty());
        let queue = self.0.lock();
        let waited = self.0.changed.wait_timeout_while(queue, patience, goes_on);
        let (queue, ended) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(queue);
        !ended.timed_out()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_out(&self, mut into: impl Write, note: &Note) {
        // Lines that could not be written.
        let mut lost = 0;
        while let Some(lines) = self.take(note) {
            let text = match lost {
                0 => lines,
                _ => [note(lost).as_bytes(), &lines].concat(),
            };
            match into.write_all(&text).and_then(|()| into.flush()) {
                Ok(()) => lost = 0,
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.close(),
                // A disk that is full has room again some day.
                Err(_) => lost += count_lines(&text) - u64::from(lost > 0),
            }
        }
    }

    fn close(&self) {
        let mut queue = self.lock();
        queue.is_closed = true;
        queue.waiting = Vec::new();
        drop(queue);
        self.changed.notify_all();
    }

    /// The next lines, once there are any; `None` once nobody can read them.
    fn take(&self, note: &Note) -> Option<Vec<u8>> {
        let mut queue = self.lock();
        queue.is_writing = false;
        self.changed.notify_all();
        let nothing = |queue: &mut Queue| !queue.is_closed && queue.waiting.is_empty();
        let waited = self.changed.wait_while(queue, nothing);
        let mut queue = waited.unwrap_or_else(PoisonError::into_inner);
        if queue.is_closed {
            return None;
        }
        queue.is_writing = true;
        let mut lines = std::mem::take(&mut queue.waiting);
        let missing = std::mem::take(&mut queue.missing);
        drop(queue);
        if missing > 0 {
            lines.extend_from_slice(note(missing).as_bytes());
        }
        Some(lines)
    }
}

/// At least one.
fn count_lines(text: &[u8]) -> u64 {
    let ends = memchr::memchr_iter(b'\n', text).count();
    u64::try_from(ends).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A reader that takes what is written when it is told to.
    struct Gate {
        goes: Receiver<()>,
        asked: Sender<()>,
        written: Sender<String>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.asked.send(());
            if self.goes.recv().is_err() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let _ = self.written.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated() -> (ServiceStderr, Sender<()>, Receiver<()>, Receiver<String>) {
        let ((go, goes), (asked, asks), (written, writes)) = (channel(), channel(), channel());
        let gate = Gate { goes, asked, written };
        let note = |missing| format!("{missing} missing\n");
        let stderr = ServiceStderr::start(gate, Box::new(note)).unwrap();
        (stderr, go, asks, writes)
    }

    #[test]
    fn nobody_waits_for_a_reader_and_what_is_left_out_is_said_in_its_place() {
        let (stderr, go, asks, writes) = gated();
        stderr.write(b"first\n");
        asks.recv().unwrap();
        let full = vec![b'x'; MOST];
        stderr.write(&full);
        stderr.write(b"a\nb\n");
        stderr.write(b"c\n");
        assert!(!stderr.drain(Duration::ZERO));
        go.send(()).unwrap();
        assert_eq!(writes.recv().unwrap(), "first\n");
        asks.recv().unwrap();
        stderr.write(b"last\n");
        go.send(()).unwrap();
        let second = writes.recv().unwrap();
        assert_eq!(second.len(), MOST + "3 missing\n".len());
        assert!(second.ends_with("x3 missing\n"));
        go.send(()).unwrap();
        assert_eq!(writes.recv().unwrap(), "last\n");
        assert!(stderr.drain(Duration::from_secs(60)));
    }

    /// A disk that is full for so many writes.
    struct Disk(u32, Sender<String>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 > 0 {
                self.0 -= 1;
                let _ = self.1.send("full".to_owned());
                return Err(io::ErrorKind::StorageFull.into());
            }
            let _ = self.1.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_was_full_is_written_to_again_and_what_is_lost_is_said() {
        let (written, writes) = channel();
        let note = |missing| format!("{missing} missing\n");
        let stderr = ServiceStderr::start(Disk(2, written), Box::new(note)).unwrap();
        for lines in ["a\nb\n", "c\n"] {
            stderr.write(lines.as_bytes());
            assert_eq!(writes.recv().unwrap(), "full");
            assert!(stderr.drain(Duration::from_secs(60)));
        }
        for lines in ["d\n", "e\n"] {
            stderr.write(lines.as_bytes());
            assert!(stderr.drain(Duration::from_secs(60)));
        }
        assert_eq!(writes.recv().unwrap(), "3 missing\nd\n");
        assert_eq!(writes.recv().unwrap(), "e\n");
    }

    #[test]
    fn a_reader_that_is_gone_is_written_for_no_more() {
        let (stderr, go, asks, _writes) = gated();
        stderr.write(b"first\n");
        asks.recv().unwrap();
        drop(go);
        assert!(stderr.drain(Duration::from_secs(60)));
        stderr.write(b"second\n");
        assert!(stderr.drain(Duration::ZERO));
        assert!(stderr.0.lock().waiting.is_empty());
    }
}

//! One source tree, visited by all cores. The only module that reads files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use collector_kit::{Category, Failure, Reporter, Stop, grouped, printable};
use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use crate::buffer::Buffer;
use crate::count::Count;
use crate::files::{self, Counts, Rules};
use crate::library::Libraries;

/// A thread tells of its progress once in so many files.
const TOLD_EVERY: u64 = 256;
/// Longest path in an example, in characters.
const PATH: usize = 300;

/// Scans the tree under `root`. Symbolic links are not followed, so that no file
/// counts twice and no cycle matters; directories of version control are left
/// out. What cannot be read is counted and left out. Errors: nothing at all
/// could be read (77), or the end was asked for.
pub(crate) fn tree<'a>(
    root: &Path,
    rules: &Rules,
    known: &'a Libraries,
    reporter: &Reporter,
    stop: &Stop,
) -> anyhow::Result<Count<'a>> {
    let shared = Shared {
        root,
        rules,
        known,
        reporter,
        stop,
        files: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        total: Mutex::new(Count::new(known)),
    };
    WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(false)
        .threads(rules.threads)
        .overrides(rules.excluded(root)?)
        .filter_entry(|entry| !files::is_history(entry.file_name()))
        .build_parallel()
        .visit(&mut &shared);
    stop.check()?;
    let count = shared.total.into_inner().unwrap_or_else(PoisonError::into_inner);
    if count.files == 0 && count.unreadable.count > 0 {
        let message = format!(
            "{}: nothing could be read: {}",
            root.display(),
            count.unreadable.examples.join("; ")
        );
        return Err(Failure::new(Category::Auth, message)
            .hint("run as a user who may read the tree")
            .into());
    }
    Ok(count)
}

struct Shared<'s, 'a> {
    root: &'s Path,
    rules: &'s Rules,
    known: &'a Libraries,
    reporter: &'s Reporter,
    stop: &'s Stop,
    files: AtomicU64,
    bytes: AtomicU64,
    total: Mutex<Count<'a>>,
}

impl Shared<'_, '_> {
    /// A path below the root, for people.
    fn shown(&self, path: &Path) -> String {
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        printable(&relative.to_string_lossy(), PATH)
    }
}

impl<'s, 'a: 's> ParallelVisitorBuilder<'s> for &'s Shared<'s, 'a> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Visitor {
            shared: self,
            count: Count::new(self.known),
            buffer: Buffer::new(),
            told: (0, 0),
        })
    }
}

/// One thread's part. It hands its count over when it is dropped.
struct Visitor<'s, 'a> {
    shared: &'s Shared<'s, 'a>,
    count: Count<'a>,
    buffer: Buffer,
    // Files and bytes that the others know of.
    told: (u64, u64),
}

impl ParallelVisitor for Visitor<'_, '_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        if self.shared.stop.check().is_err() {
            return WalkState::Quit;
        }
        match entry {
            Ok(entry) => match entry.file_type() {
                Some(kind) if kind.is_file() => self.file(entry.path()),
                Some(kind) if kind.is_symlink() => {
                    self.count.links.add(|| self.shared.shown(entry.path()));
                }
                _ => {}
            },
            Err(error) => self.count.unreadable.add(|| printable(&error.to_string(), PATH)),
        }
        WalkState::Continue
    }
}

impl Visitor<'_, '_> {
    fn file(&mut self, path: &Path) {
        let counts = self.shared.rules.counts(path);
        if counts == Counts::No {
            return self.count.leave_out(files::suffix(path));
        }
        let shown = || self.shared.shown(path);
        let length = match read(path, counts, self.shared.rules.max_size, &mut self.buffer) {
            Ok(Content::Source(length)) => length,
            Ok(Content::Other) => return self.count.leave_out(files::suffix(path)),
            Ok(Content::TooLarge) => return self.count.large.add(shown),
            Err(error) => return self.count.unreadable.add(|| format!("{}: {error}", shown())),
        };
        let text = self.buffer.filled(length);
        if files::is_binary(text) {
            return self.count.binary.add(shown);
        }
        self.count.add_file(text);
        if self.count.files.is_multiple_of(TOLD_EVERY) {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let shared = self.shared;
        let (files, bytes) = (self.count.files - self.told.0, self.count.bytes - self.told.1);
        self.told = (self.count.files, self.count.bytes);
        let files = shared.files.fetch_add(files, Ordering::Relaxed) + files;
        let bytes = shared.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let text = format!(
            "{}: {} files, {} MB so far",
            shared.root.display(),
            grouped(files),
            bytes / 1_000_000
        );
        shared.reporter.progress(files, None, &text);
    }
}

impl Drop for Visitor<'_, '_> {
    fn drop(&mut self) {
        let mut total = self.shared.total.lock().unwrap_or_else(PoisonError::into_inner);
        total.merge(std::mem::replace(&mut self.count, Count::new(self.shared.known)));
    }
}

/// What a file turned out to be.
enum Content {
    /// Of this length, at the beginning of the buffer.
    Source(usize),
    /// No C or C++ after all.
    Other,
    /// Larger than allowed.
    TooLarge,
}

/// Reads a file into the buffer, which grows where it must, up to `max` bytes.
fn read(path: &Path, counts: Counts, max: u64, buffer: &mut Buffer) -> io::Result<Content> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let mut file = File::open(path)?;
    let mut length = 0;
    loop {
        match file.read(buffer.room(length)) {
            Ok(0) => break,
            Ok(read) => {
                let first = length == 0;
                length += read;
                if first && counts == Counts::IfItSaysSo && !files::names_itself_cpp(buffer.filled(length)) {
                    return Ok(Content::Other);
                }
                if length > max {
                    return Ok(Content::TooLarge);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // An empty file without an extension is no C++ either.
    Ok(if length == 0 && counts == Counts::IfItSaysSo {
        Content::Other
    } else {
        Content::Source(length)
    })
}

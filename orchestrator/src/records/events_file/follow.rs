//! Reading an events file while its collector writes it. Called by the engine, off
//! its loop: reading blocks. The file is the collector's: it may shorten it, replace
//! it or remove it, and only its own delivery suffers.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::input::open_own;
use crate::records::events_file::examination::Examination;
use crate::records::events_file::lines::{FileLine, Lines};
use crate::records::events_file::mask::mask_line;
use crate::rundir::replace_file;
use crate::text::Secrets;

/// A larger file is not read: a hole of a terabyte is made in a moment, and read in an hour.
pub(crate) const LARGEST_FILE: u64 = 4 << 30;

/// Reads on where it stopped.
pub struct Follower {
    path: PathBuf,
    lines: Lines<BufReader<File>>,
    examination: Examination,
    secrets: Option<Secrets>,
}

/// An events file that nobody writes any more.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examined {
    /// What it says.
    pub examination: Examination,
    /// How many bytes of it that is.
    pub bytes: u64,
}

impl Follower {
    /// Begins at the beginning.
    ///
    /// # Errors
    /// It is no regular file, or cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::new(path.to_owned(), open(path)?))
    }

    /// Of a file that has just been made there, and nothing was read of it yet.
    pub fn new(path: PathBuf, file: File) -> Self {
        Self {
            path,
            lines: Lines::new(BufReader::with_capacity(64 << 10, file)),
            examination: Examination::default(),
            secrets: None,
        }
    }

    /// Takes nothing of it but without these secrets, and leaves the file without them.
    #[must_use]
    pub(crate) fn masking(mut self, secrets: Option<Secrets>) -> Self {
        self.secrets = secrets;
        self
    }

    /// Reads what is new, at most about so many bytes, and says what is known so far.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn advance(&mut self, most: u64) -> io::Result<&Examination> {
        let until = self.lines.bytes().saturating_add(most);
        while self.lines.bytes() < until {
            match self.lines.next()? {
                Some(line) => self.examination.line(&line, self.secrets.as_ref()),
                None => break,
            }
        }
        Ok(&self.examination)
    }

    /// Reads to the end, which is the end: the collector is gone. A file that was put
    /// in the place of the one that was followed is read from its beginning.
    ///
    /// # Errors
    /// It cannot be read, or is no file any more.
    pub fn finish(mut self) -> io::Result<Examined> {
        let now = open(&self.path)?.metadata()?;
        let followed = self.lines.metadata()?;
        let same = (now.dev(), now.ino()) == (followed.dev(), followed.ino());
        if !same || now.len() < self.lines.bytes() {
            self = Self::open(&self.path)?.masking(self.secrets);
        }
        self.advance(u64::MAX)?;
        if let Some(line) = self.lines.rest() {
            self.examination.line(&line, self.secrets.as_ref());
        }
        let bytes = match &self.secrets {
            Some(secrets) if self.examination.needs_masking() => mask_file(&self.path, secrets)?,
            _ => self.lines.bytes(),
        };
        Ok(Examined {
            bytes,
            examination: self.examination,
        })
    }
}

/// Replaces the file by one without secrets, line by line; returns how long it is. A line
/// that is too long to be taken is not kept either.
fn mask_file(path: &Path, secrets: &Secrets) -> io::Result<u64> {
    let mut written = 0;
    replace_file(path, |to| {
        let mut lines = Lines::new(BufReader::with_capacity(64 << 10, open(path)?));
        let mut to = io::BufWriter::with_capacity(64 << 10, to);
        let mut write = |line: &FileLine<'_>, end: &[u8]| {
            let kept = match line {
                FileLine::Whole(_, bytes) => mask_line(bytes, secrets),
                FileLine::TooLong(_, bytes) => {
                    format!("a line of {bytes} bytes is left out").into_bytes().into()
                }
            };
            written += (kept.len() + end.len()) as u64;
            to.write_all(&kept)?;
            to.write_all(end)
        };
        while let Some(line) = lines.next()? {
            write(&line, b"\n")?;
        }
        if let Some(line) = lines.rest() {
            write(&line, b"")?;
        }
        to.flush()
    })?;
    Ok(written)
}

impl Lines<BufReader<File>> {
    fn metadata(&self) -> io::Result<std::fs::Metadata> {
        self.reader().get_ref().metadata()
    }
}

/// Opens a regular file of bounded size and nothing else, not even a link.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = open_own(path)?;
    if file.metadata()?.len() > LARGEST_FILE {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {} GiB", LARGEST_FILE >> 30),
        ));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const RECORD: &str = "{\"type\":\"record\",\"collection\":\"c\",\"key\":\"k\",\"data\":{}}\n";

    fn file() -> (tempfile::TempDir, PathBuf, File) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let file = File::options().append(true).create(true).open(&path).unwrap();
        (dir, path, file)
    }

    #[test]
    fn what_grows_is_read_as_it_grows() {
        let (_dir, path, mut file) = file();
        let mut follower = Follower::open(&path).unwrap();
        assert_eq!(follower.advance(u64::MAX).unwrap().records, 0);
        file.write_all(&RECORD.as_bytes()[..10]).unwrap();
        assert_eq!(follower.advance(u64::MAX).unwrap().records, 0);
        file.write_all(&RECORD.as_bytes()[10..]).unwrap();
        assert_eq!(follower.advance(u64::MAX).unwrap().records, 1);
        file.write_all(RECORD.trim_end().as_bytes()).unwrap();
        let examined = follower.finish().unwrap();
        assert_eq!(examined.examination.records, 2, "the last line may have no end");
        assert_eq!(examined.bytes, 2 * RECORD.len() as u64 - 1);
        assert_eq!(examined.examination.faults, 0);
    }

    #[test]
    fn a_file_that_was_replaced_or_shortened_is_read_anew() {
        let (_dir, path, mut file) = file();
        file.write_all(RECORD.repeat(5).as_bytes()).unwrap();
        let mut follower = Follower::open(&path).unwrap();
        follower.advance(u64::MAX).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, RECORD.repeat(7)).unwrap();
        assert_eq!(follower.finish().unwrap().examination.records, 7);
        let mut follower = Follower::open(&path).unwrap();
        follower.advance(u64::MAX).unwrap();
        std::fs::write(&path, RECORD).unwrap();
        assert_eq!(follower.finish().unwrap().examination.records, 1);
    }

    #[test]
    fn secrets_leave_the_file_and_everything_that_is_read_from_it() {
        let (_dir, path, mut file) = file();
        let secrets = Secrets::new(["pa\"ss\\w0rd-X"]);
        let mut follower = Follower::open(&path).unwrap().masking(secrets.clone());
        let note = r#"{"type":"progress","current":1,"message":"FILL pa\"ss\\w0rd-X"}"#;
        // The message is cut within the secret, which must not leave its beginning.
        let note = note.replace("FILL", &"x".repeat(490));
        writeln!(file, "{note}\n{}pa\"ss\\w0rd-X", "y".repeat(2 << 20)).unwrap();
        let progress = follower.advance(u64::MAX).unwrap().progress.clone().unwrap();
        assert_eq!(progress.message.unwrap(), format!("{} ***", "x".repeat(490)));
        file.write_all(RECORD.as_bytes()).unwrap();
        let examined = follower.finish().unwrap();
        assert_eq!(
            (examined.examination.records, examined.examination.faults),
            (1, 1)
        );
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(examined.bytes, kept.len() as u64);
        assert!(!kept.contains("w0rd") && kept.ends_with(RECORD), "{kept}");
        let again = Follower::open(&path).unwrap().masking(secrets).finish().unwrap();
        assert_eq!(again.bytes, examined.bytes);
    }

    #[test]
    fn a_file_without_secrets_stays_the_one_it_was() {
        let (_dir, path, mut file) = file();
        file.write_all(RECORD.as_bytes()).unwrap();
        let before = path.metadata().unwrap().ino();
        let follower = Follower::open(&path)
            .unwrap()
            .masking(Secrets::new(["hush-hush"]));
        follower.finish().unwrap();
        assert_eq!(path.metadata().unwrap().ino(), before);
    }

    #[test]
    fn nothing_but_a_regular_file_is_opened() {
        let (dir, path, _file) = file();
        let follower = Follower::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        assert!(follower.finish().is_err());
        assert!(Follower::open(dir.path()).is_err());
    }
}

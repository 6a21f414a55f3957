//! Reading `git log`. Pure: bytes in, commits out, in bounded memory whatever
//! the bytes are. The log is asked for with NUL between fields, because a NUL
//! is the one byte that neither a name nor a path can hold.

use std::io::{self, BufRead};

use anyhow::{Context, bail};

/// The arguments of `git log` that give what [`read_commits`] understands.
/// Merges carry no changed lines of their own; renames count as renames.
pub(crate) const LOG: [&str; 12] = [
    "log",
    "-z",
    "--numstat",
    "--format=%x01%H%x00%P%x00%at%x00%aN%x00%aE",
    "--encoding=UTF-8",
    "--use-mailmap",
    "--find-renames",
    "--diff-merges=off",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-notes",
];

/// Longest field kept, in bytes; of a longer one the rest is skipped.
const FIELD: usize = 16 << 10;
/// Longest author name kept, in characters.
const NAME: usize = 200;
/// Longest author address kept, in characters (RFC 5321, 4.5.3.1.3, gives 256 octets to a path).
const EMAIL: usize = 254;
/// What each commit begins with.
const START: u8 = 1;

/// One commit, as far as this collector counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The hash, in hexadecimal.
    pub(crate) id: String,
    /// How many parents it has; more than one makes it a merge.
    pub(crate) parents: usize,
    /// When it was authored, in seconds since 1970-01-01 UTC.
    pub(crate) seconds: i64,
    /// The author's name after the mailmap, bounded.
    pub(crate) name: String,
    /// The author's address after the mailmap, bounded.
    pub(crate) email: String,
    /// Lines added. Binary files have none.
    pub(crate) added: u64,
    /// Lines removed.
    pub(crate) removed: u64,
    /// Files changed.
    pub(crate) files: u64,
}

/// Gives each commit of a log written with [`LOG`] to `each`, in its order.
/// Errors: the log is not in that form, or `each` fails.
pub(crate) fn read_commits(
    mut log: impl BufRead,
    mut each: impl FnMut(Commit) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut field = Vec::new();
    let mut current: Option<Commit> = None;
    while next_field(&mut log, &mut field)? {
        if let Some((&START, id)) = field.split_first() {
            if let Some(done) = current.take() {
                each(done)?;
            }
            let id = String::from_utf8_lossy(id).into_owned();
            current = Some(read_header(&mut log, id)?);
            continue;
        }
        let Some(commit) = current.as_mut() else {
            bail!("the log does not begin with a commit");
        };
        add_change(&mut log, &mut field, commit)?;
    }
    match current {
        Some(last) => each(last),
        None => Ok(()),
    }
}

/// The four fields that follow a commit's hash.
fn read_header(log: &mut impl BufRead, id: String) -> anyhow::Result<Commit> {
    let mut field = Vec::new();
    let mut text = |what: &str| -> anyhow::Result<String> {
        if !next_field(log, &mut field)? {
            bail!("the log ends before the {what} of a commit");
        }
        Ok(String::from_utf8_lossy(&field).into_owned())
    };
    let parents = text("parents")?.split_ascii_whitespace().count();
    let seconds = text("time")?;
    let seconds = seconds
        .parse()
        .with_context(|| format!("commit {id} has the time {seconds:?}"))?;
    Ok(Commit {
        id,
        parents,
        seconds,
        name: text("author")?.chars().take(NAME).collect(),
        email: text("address")?.chars().take(EMAIL).collect(),
        added: 0,
        removed: 0,
        files: 0,
    })
}

/// One changed file: `added TAB removed TAB path`; of a renamed one the path is
/// empty and the two paths follow as fields of their own. `-` stands for the
/// lines of a binary file. The first of a commit has a line break before it.
fn add_change(log: &mut impl BufRead, field: &mut Vec<u8>, commit: &mut Commit) -> anyhow::Result<()> {
    let change = field.strip_prefix(b"\n").unwrap_or(field);
    let mut parts = change.splitn(3, |byte| *byte == b'\t');
    let (added, removed, path) = (parts.next(), parts.next(), parts.next());
    let (Some(added), Some(removed), Some(path)) = (added, removed, path) else {
        bail!("commit {} has a change that cannot be read", commit.id);
    };
    let (added, removed) = (lines(added), lines(removed));
    let (Some(added), Some(removed)) = (added, removed) else {
        bail!("commit {} has a change whose numbers cannot be read", commit.id);
    };
    commit.added += added;
    commit.removed += removed;
    commit.files += 1;
    if path.is_empty() {
        for _ in 0..2 {
            if !next_field(log, field)? {
                bail!("the log ends within a rename of commit {}", commit.id);
            }
        }
    }
    Ok(())
}

fn lines(digits: &[u8]) -> Option<u64> {
    match digits {
        b"-" => Some(0),
        _ => std::str::from_utf8(digits).ok()?.parse().ok(),
    }
}

/// Reads up to the next NUL, of which at most [`FIELD`] bytes are kept; `false`
/// at the end of the log.
fn next_field(log: &mut impl BufRead, field: &mut Vec<u8>) -> io::Result<bool> {
    field.clear();
    let mut any = false;
    loop {
        let chunk = match log.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = memchr::memchr(0, chunk);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        field.extend_from_slice(&part[..part.len().min(FIELD - field.len())]);
        let used = part.len() + usize::from(end.is_some());
        log.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(log: &[u8]) -> anyhow::Result<Vec<Commit>> {
        let mut commits = Vec::new();
        // A tiny buffer, so that every field is cut somewhere.
        read_commits(io::BufReader::with_capacity(3, log), |commit| {
            commits.push(commit);
            Ok(())
        })?;
        Ok(commits)
    }

    /// Bars stand for NUL.
    fn with_nul(text: &str) -> Vec<u8> {
        text.replace('|', "\0").into_bytes()
    }

    #[test]
    fn a_real_log_is_read() {
        let log = with_nul(
            "\x01aa|bb cc|100|Zoë|z@x|\x01bb|cc|-5|\x01odd||\n3\t1\ta b|-\t-\tbin|\
             \x01cc||7|n|e|\n2\t0\t|old|new|",
        );
        let commits = read(&log).unwrap();
        assert_eq!(commits.len(), 3);
        assert_eq!(
            (commits[0].parents, commits[0].name.as_str(), commits[0].files),
            (2, "Zoë", 0)
        );
        let second = &commits[1];
        assert_eq!(
            (second.seconds, second.name.as_str(), second.email.as_str()),
            (-5, "\x01odd", "")
        );
        assert_eq!((second.added, second.removed, second.files), (3, 1, 2));
        assert_eq!(
            (commits[2].parents, commits[2].added, commits[2].files),
            (0, 2, 1)
        );
    }

    #[test]
    fn hostile_names_are_bounded() {
        let mut log = with_nul("\x01aa||0|");
        log.extend(std::iter::repeat_n(b'x', 1 << 20));
        log.extend(b"\0e\0");
        let commits = read(&log).unwrap();
        assert_eq!(commits[0].name.len(), NAME);
        assert_eq!(commits[0].email, "e");
    }

    #[test]
    fn a_broken_log_is_an_error() {
        for log in [
            "3\t1\ta|",
            "\x01aa|bb",
            "\x01aa||soon|n|e|",
            "\x01aa||0|n|e|\nx\ty\tz|",
        ] {
            assert!(read(&with_nul(log)).is_err(), "{log}");
        }
        assert_eq!(read(b"").unwrap(), []);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(log in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&log);
        }

        #[test]
        fn what_is_written_is_read(
            commits in proptest::collection::vec(
                (any::<i64>(), "[^\0]{0,20}", 0usize..3, proptest::collection::vec((0u64..1000, 0u64..1000, "[^\0\t]{0,8}"), 0..4)),
                0..6,
            )
        ) {
            let mut log = Vec::new();
            for (seconds, name, parents, files) in &commits {
                log.extend(format!("\x01id\0{}\0{seconds}\0{name}\0e\0", vec!["p"; *parents].join(" ")).bytes());
                for (at, (added, removed, path)) in files.iter().enumerate() {
                    let lead = if at == 0 { "\n" } else { "" };
                    let path = if path.is_empty() { "\0from\0to" } else { path };
                    log.extend(format!("{lead}{added}\t{removed}\t{path}\0").bytes());
                }
            }
            let found = read(&log).unwrap();
            prop_assert_eq!(found.len(), commits.len());
            for (found, (seconds, name, parents, files)) in found.iter().zip(&commits) {
                prop_assert_eq!((found.seconds, found.parents), (*seconds, *parents));
                prop_assert_eq!(&found.name, name);
                prop_assert_eq!(found.added, files.iter().map(|file| file.0).sum::<u64>());
                prop_assert_eq!(found.removed, files.iter().map(|file| file.1).sum::<u64>());
                prop_assert_eq!(found.files, files.len() as u64);
            }
        }
    }
}

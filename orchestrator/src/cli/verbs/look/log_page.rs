//! `logs --offset --limit`: one page of one log, by byte offset, so that a log of any size
//! can be looked at anywhere. The lines go to standard output, as for the whole log; where
//! the next page begins to standard error, or, with JSON, into a last line.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::cli::command_line::{Format, LogsArgs};
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_words;
use crate::cli::verbs::look::log_reader::Look;
use crate::cli::verbs::look::logs::Log;
use crate::rundir::{LogPage, read_page};

/// Bytes of a page if nothing is said.
const PAGE: u64 = 64 << 10;

/// The last line of a page in JSON.
#[derive(Serialize)]
struct Answer<'a> {
    log: &'a str,
    offset: u64,
    next_offset: u64,
    size: u64,
    /// Whether there is more in the file than this and the pages before it.
    more: bool,
}

/// Prints a page of the only log there is in `logs`.
///
/// # Errors
/// There are several, or the log cannot be read.
pub(crate) fn page(
    state_dir: &Path,
    logs: &[Log],
    args: &LogsArgs,
    ended: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let [log] = logs else {
        let names: Vec<String> = logs
            .iter()
            .map(|log| format!("{} (--task {})", log.owner.command, log.position))
            .collect();
        return Err(Failure::usage("a page is of one log, and there are several")
            .hint(format!("name the collector, or its place: {}", names.join(", "))));
    };
    let path = state_dir.join(&log.path);
    let limit = usize::try_from(args.limit.unwrap_or(PAGE)).unwrap_or(usize::MAX);
    let page = File::open(&path)
        .and_then(|mut file| read_page(&mut file, args.offset.unwrap_or(0), limit, ended))
        .map_err(|error| {
            Failure::infrastructure(
                anyhow::Error::new(error).context(format!("cannot read {}", path.display())),
            )
        })?;
    match print(log, &page, args, out) {
        // The reader has seen what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(error)),
        _ => Ok(()),
    }
}

fn print(log: &Log, page: &LogPage, args: &LogsArgs, out: &mut impl Write) -> io::Result<()> {
    let look = Look::new(args);
    for line in page.bytes.split_inclusive(|&byte| byte == b'\n') {
        if let Some(shown) = look.show(&log.owner, line.strip_suffix(b"\n").unwrap_or(line)) {
            out.write_all(&shown)?;
        }
    }
    let (offset, next, size) = (page.offset, page.next_offset, page.size);
    if args.format == Format::Json {
        let answer = Answer {
            log: &log.path,
            offset,
            next_offset: next,
            size,
            more: next < size,
        };
        serde_json::to_writer(&mut *out, &answer)?;
        out.write_all(b"\n")?;
    } else if next < size {
        print_words!("bytes {offset} to {next} of {size}; the next page: --offset {next}");
    } else {
        print_words!("bytes {offset} to {next} of {size}; this is the end");
    }
    Ok(())
}

//! `logs` without `--follow`: the logs one after another, whole or their last lines.

use std::io::Write;

use crate::cli::shell::stderr::print_words;
use crate::cli::verbs::look::logs::{Asked, PrintError};
use crate::model::Stream;
use crate::queries::logs::{CollectorLog, LogHole, LogReader};
use crate::text::make_safe;

/// Prints them, each from its file or, where that is elsewhere, what the database has of it.
///
/// # Errors
/// A file cannot be read, the database fails, or `out` does.
pub(super) fn print_whole(
    asked: &Asked<'_>,
    logs: &[CollectorLog],
    out: &mut impl Write,
) -> Result<(), PrintError> {
    let form = asked.args.form();
    for log in logs {
        let Some((mut reader, hole)) = open(asked, log)? else {
            continue;
        };
        if let Some(count) = asked.args.tail {
            reader.skip_to_tail(count)?;
        }
        reader.read(&mut |owner, record| form.write(owner, record, out))?;
        reader.finish(&mut |owner, record| form.write(owner, record, out))?;
        if let Some(hole) = hole {
            out.flush()?;
            tell(log, hole);
        }
    }
    Ok(())
}

/// The log, and what is missing at its end; `None` if there is none, which is told.
fn open(asked: &Asked<'_>, log: &CollectorLog) -> Result<Option<(LogReader, Option<LogHole>)>, PrintError> {
    let stream = asked.args.stream.map(Stream::from);
    let file = asked.file(&log.path);
    if file.exists() {
        return Ok(Some((LogReader::new(file, log.owner.clone(), stream), None)));
    }
    if let Some(reason) = &log.not_started {
        print_words!(
            "{}/{} was not started: {}",
            make_safe(&log.owner.group),
            make_safe(&log.owner.name),
            make_safe(reason)
        );
        return Ok(None);
    }
    let Some(kept) = asked.kept(&log.path)? else {
        match (asked.meant.may_be_distant, log.is_silent) {
            (true, true) => {}
            (true, false) => tell(log, LogHole::Whole),
            (false, _) => print_words!("{} is not there any more", file.display()),
        }
        return Ok(None);
    };
    if let Some(hole) = LogHole::before(&kept, 0).filter(|_| asked.args.tail.is_none()) {
        tell(log, hole);
    }
    let hole = (log.has_ended && !kept.ended).then_some(LogHole::End);
    Ok(Some((
        LogReader::of_kept(kept.bytes, log.owner.clone(), stream),
        hole,
    )))
}

fn tell(log: &CollectorLog, hole: LogHole) {
    print_hole(&log.owner.group, &log.owner.name, hole, &log.path);
}

/// Says what is missing, and where it is.
pub(crate) fn print_hole(group: &str, name: &str, hole: LogHole, file: &str) {
    print_words!(
        "{}/{}: {hole}; its worker has {}",
        make_safe(group),
        make_safe(name),
        make_safe(file)
    );
}

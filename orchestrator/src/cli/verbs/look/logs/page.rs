//! `logs --offset --limit`: one page of one log. The lines go to standard output, as for the
//! whole log; where the next page begins to standard error, or, with JSON, into a last line.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::shell::failure::Failure;
use crate::cli::shell::stderr::print_words;
use crate::cli::verbs::look::logs::text::LogForm;
use crate::cli::verbs::look::logs::whole::print_hole;
use crate::cli::verbs::look::logs::{Asked, PrintError};
use crate::queries::logs::{
    CollectorLog, KeptFile, LogChoice, LogHole, LogPageEnd, PAGE_BYTES, each_record, read_kept_page,
    read_log_page,
};
use crate::rundir::LogPage;

/// Prints a page of the only log that is meant.
///
/// # Errors
/// There are several, the log cannot be read, the database fails, or `out` does.
pub(super) fn print_page(
    asked: &Asked<'_>,
    choice: &LogChoice,
    out: &mut impl Write,
) -> Result<(), PrintError> {
    let logs = choice.logs(&asked.meant.record);
    let [log] = &logs[..] else {
        let names: Vec<String> = logs
            .iter()
            .map(|log| format!("{} (--task {})", log.owner.name, log.position))
            .collect();
        let failure = Failure::usage("a page is of one log, and there are several")
            .hint(format!("name the collector, or its place: {}", names.join(", ")));
        return Err(failure.into());
    };
    let page = read(asked, log)?;
    let form = asked.args.form();
    each_record(&page.bytes, choice.stream, |record| {
        form.write(&log.owner, record, out)
    })?;
    Ok(print_end(log, &page, form, out)?)
}

/// From the file, or from what is kept of it.
fn read(asked: &Asked<'_>, log: &CollectorLog) -> Result<LogPage, PrintError> {
    let ended = asked.meant.record.header.finished_at.is_some();
    let limit = asked.args.limit.unwrap_or(PAGE_BYTES);
    let offset = asked.args.offset.unwrap_or(0);
    let path = asked.file(&log.path);
    let unreadable = |path: &Path, error: io::Error| {
        Failure::infrastructure(anyhow::Error::new(error).context(format!("cannot read {}", path.display())))
    };
    if !path.exists()
        && let Some(kept) = asked.kept(&log.path)?
    {
        if let Some(hole) = LogHole::before(&kept, offset) {
            print_hole(&log.owner.group, &log.owner.name, hole, &log.path);
        }
        let page = read_kept_page(KeptFile::new(kept), offset, limit, ended);
        return Ok(page.map_err(|error| unreadable(&path, error))?);
    }
    let page = read_log_page(&path, offset, limit, ended);
    Ok(page.map_err(|error| unreadable(&path, error))?)
}

fn print_end(log: &CollectorLog, page: &LogPage, form: LogForm, out: &mut impl Write) -> io::Result<()> {
    let (offset, next, size) = (page.offset, page.next_offset, page.size);
    if form == LogForm::Json {
        serde_json::to_writer(&mut *out, &LogPageEnd::new(&log.path, page))?;
        out.write_all(b"\n")?;
    } else if next < size {
        print_words!("bytes {offset} to {next} of {size}; the next page: --offset {next}");
    } else {
        print_words!("bytes {offset} to {next} of {size}; this is the end");
    }
    Ok(())
}

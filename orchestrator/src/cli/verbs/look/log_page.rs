//! `logs --offset --limit`: one page of one log. The lines go to standard output, as for the
//! whole log; where the next page begins to standard error, or, with JSON, into a last line.

use std::io::{self, Write};
use std::path::Path;

use crate::cli::shell::failure::Failure;
use crate::cli::shell::stderr::print_words;
use crate::cli::verbs::look::log_text::LogForm;
use crate::model::Stream;
use crate::queries::logs::{CollectorLog, LogPageEnd, each_record, read_log_page};
use crate::rundir::LogPage;

/// Which page, and how it is shown.
pub(crate) struct Page {
    pub(crate) offset: u64,
    pub(crate) limit: u64,
    /// Only what was written there.
    pub(crate) stream: Option<Stream>,
    pub(crate) form: LogForm,
    /// Whether the run has ended, so that the log will not grow.
    pub(crate) ended: bool,
}

/// Prints a page of the only log there is in `logs`.
///
/// # Errors
/// There are several, or the log cannot be read.
pub(crate) fn print_page(
    state_dir: &Path,
    logs: &[CollectorLog],
    wanted: &Page,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let [log] = logs else {
        let names: Vec<String> = logs
            .iter()
            .map(|log| format!("{} (--task {})", log.owner.name, log.position))
            .collect();
        return Err(Failure::usage("a page is of one log, and there are several")
            .hint(format!("name the collector, or its place: {}", names.join(", "))));
    };
    let path = state_dir.join(&log.path);
    let page = read_log_page(&path, wanted.offset, wanted.limit, wanted.ended).map_err(|error| {
        Failure::infrastructure(anyhow::Error::new(error).context(format!("cannot read {}", path.display())))
    })?;
    match print(log, &page, wanted, out) {
        // The reader has seen what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(error)),
        _ => Ok(()),
    }
}

fn print(log: &CollectorLog, page: &LogPage, wanted: &Page, out: &mut impl Write) -> io::Result<()> {
    each_record(&page.bytes, wanted.stream, |record| {
        wanted.form.write(&log.owner, record, out)
    })?;
    let (offset, next, size) = (page.offset, page.next_offset, page.size);
    if wanted.form == LogForm::Json {
        serde_json::to_writer(&mut *out, &LogPageEnd::new(&log.path, page))?;
        out.write_all(b"\n")?;
    } else if next < size {
        print_words!("bytes {offset} to {next} of {size}; the next page: --offset {next}");
    } else {
        print_words!("bytes {offset} to {next} of {size}; this is the end");
    }
    Ok(())
}

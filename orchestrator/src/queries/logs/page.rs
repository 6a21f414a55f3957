//! One page of one log, by byte offset, so that a log of any size can be looked at
//! anywhere.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::input::open_regular;
use crate::queries::logs::kept::KeptFile;
use crate::rundir::{LogPage, read_page};

/// How large a page is where nothing is said.
pub(crate) const PAGE_BYTES: u64 = 64 << 10;

/// Where a page stands in its log; in JSON, the last line of the page.
#[derive(Debug, Serialize)]
pub(crate) struct LogPageEnd<'a> {
    log: &'a str,
    offset: u64,
    next_offset: u64,
    size: u64,
    /// Whether there is more in the file than this and the pages before it.
    more: bool,
}

impl<'a> LogPageEnd<'a> {
    pub(crate) fn new(log: &'a str, page: &LogPage) -> Self {
        Self {
            log,
            offset: page.offset,
            next_offset: page.next_offset,
            size: page.size,
            more: page.next_offset < page.size,
        }
    }
}

/// The page of the log at `path` that begins at `offset`, of at most `limit` bytes but at
/// least one record. A record without its end belongs to it only if the log has `ended`.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn read_log_page(path: &Path, offset: u64, limit: u64, ended: bool) -> io::Result<LogPage> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    read_page(&mut open_regular(path)?, offset, limit, ended)
}

/// The same of what is kept of a log elsewhere: no page begins before that.
///
/// # Errors
/// None that a file has; the type is that of a file.
pub(crate) fn read_kept_page(
    mut kept: KeptFile,
    offset: u64,
    limit: u64,
    ended: bool,
) -> io::Result<LogPage> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let offset = offset.max(kept.first());
    read_page(&mut kept, offset, limit, ended)
}

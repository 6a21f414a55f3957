//! What a collector reads by `records show` or `records export` is noted in its events file, so
//! that it need not say so itself; the database is only read.

use std::ffi::OsString;
use std::path::Path;

use crate::cli::args::global::Global;
use crate::cli::shell::stderr::print_words;
use crate::files::append_line;
use crate::records::{CollectorEvent, parse_event};
use crate::text::make_safe;

/// Whether a collector of a run is who asks.
pub(crate) fn in_a_collector() -> bool {
    events_of_collector().is_some()
}

fn events_of_collector() -> Option<OsString> {
    std::env::var_os("ORCHESTRATE_RUN_ID")?;
    std::env::var_os("ORCHESTRATE_EVENTS").filter(|events| !events.is_empty())
}

/// Notes it, where we are within a collector and read the database of its run, not one that was
/// named on the command line. What cannot be noted is said; nothing else comes of it.
pub(crate) fn note_read(global: &Global, collection: &str) {
    let elsewhere = global.database_url.is_some() || global.config.is_some() || global.state_dir.is_some();
    let Some(events) = events_of_collector().filter(|_| !elsewhere) else {
        return;
    };
    let line = serde_json::json!({ "type": "read", "collection": collection }).to_string();
    // What is no name of a collection would be a bad line of the collector's.
    if !matches!(parse_event(line.as_bytes()), Ok(CollectorEvent::Read(_))) {
        return;
    }
    if let Err(error) = append_line(Path::new(&events), &line) {
        print_words!(
            "warning: that {} was read is not noted: {error}",
            make_safe(collection)
        );
    }
}

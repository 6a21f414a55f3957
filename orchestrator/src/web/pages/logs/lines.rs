//! Lines of a log as markup: those that a page shows, and those that a stream brings to it.

use askama::Template;

use crate::queries::logs::window::PlacedRecord;
use crate::web::views::log::lines::{ShownLine, lines};

#[derive(Template)]
#[template(path = "log_lines.html")]
struct LogLines {
    lines: Vec<ShownLine>,
    /// Whether they have a place in the file, so that a link to them stays true.
    filed: bool,
}

/// Lines of the file.
pub(crate) fn filed(records: &[PlacedRecord]) -> String {
    markup(records, true)
}

/// Lines that are in no file, or not yet.
pub(crate) fn unfiled(records: &[PlacedRecord]) -> String {
    markup(records, false)
}

fn markup(records: &[PlacedRecord], filed: bool) -> String {
    let lines = lines(records, None);
    let template = LogLines { lines, filed };
    template.render().unwrap_or_else(|error| {
        tracing::error!("lines of a log cannot be shown: {error}");
        String::new()
    })
}

//! `records list`: the collections, with what was brought last.

use crate::cli::args::format::Format;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::shelf;
use crate::cli::shell::table::TextTable;
use crate::cli::verbs::look::records::collection::time;
use crate::records::Collection;
use crate::text::make_safe;

pub(crate) fn list(settings: &CliSettings, format: Format) -> Result<VerbExit, Failure> {
    let collections = with_look(settings, async |look| {
        shelf(&look.store)
            .collections()
            .await
            .map_err(Failure::infrastructure)
    })?;
    match format {
        Format::Json => print_json(&collections)?,
        Format::Text => print_text(&table(&collections))?,
    }
    Ok(VerbExit::Success)
}

fn table(collections: &[Collection]) -> String {
    if collections.is_empty() {
        return "No records.\n".to_owned();
    }
    let mut table = TextTable::new(["Collection", "Records", "Delivered", "By", "Brought"]);
    for collection in collections {
        let by = format!("{}/{}", collection.group, collection.command);
        table.row([
            make_safe(&collection.collection).into_owned(),
            collection.records.to_string(),
            collection.delivered_at.map_or_else(|| "-".to_owned(), time),
            make_safe(&by).into_owned(),
            collection.counts.to_string(),
        ]);
    }
    table.text()
}

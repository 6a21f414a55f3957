//! `records list`: the collections, with what was brought last, and who writes and reads them.

use crate::cli::args::format::Format;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::table::TextTable;
use crate::cli::verbs::look::records::collection::time;
use crate::model::{Clock, SystemClock};
use crate::queries::collections::{CollectionAnswer, CollectionUser, collections};
use crate::text::make_safe;

pub(crate) fn list(settings: &CliSettings, format: Format) -> Result<VerbExit, Failure> {
    let collections = with_look(settings, async |look| {
        collections(&look.store, SystemClock.now())
            .await
            .map_err(Failure::infrastructure)
    })?;
    match format {
        Format::Json => print_json(&collections)?,
        Format::Text => print_text(&table(&collections))?,
    }
    Ok(VerbExit::Success)
}

fn table(collections: &[CollectionAnswer]) -> String {
    if collections.is_empty() {
        return "No records.\n".to_owned();
    }
    let header = [
        "Collection",
        "Records",
        "Delivered",
        "Brought",
        "Written by",
        "Read by",
    ];
    let mut table = TextTable::new(header);
    for answer in collections {
        let collection = &answer.collection;
        let mut writers = names(&answer.writers);
        if writers.is_empty() {
            writers = format!("{}/{}", collection.group, collection.name);
        }
        let readers = match names(&answer.readers) {
            readers if readers.is_empty() => "-".to_owned(),
            readers => readers,
        };
        table.row([
            make_safe(&collection.collection).into_owned(),
            collection.records.to_string(),
            collection.delivered_at.map_or_else(|| "-".to_owned(), time),
            collection.counts.to_string(),
            make_safe(&writers).into_owned(),
            make_safe(&readers).into_owned(),
        ]);
    }
    table.text()
}

fn names(users: &[CollectionUser]) -> String {
    let names: Vec<String> = users
        .iter()
        .map(|user| format!("{}/{}", user.group, user.name))
        .collect();
    names.join(", ")
}

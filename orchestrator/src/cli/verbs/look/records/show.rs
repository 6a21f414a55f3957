//! `records show`: one record, or the first of a collection.

use std::fmt::Write as _;
use std::io;

use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::shelf;
use crate::cli::verbs::look::records::collection::require;
use crate::cli::verbs::look::records::collection::time;
use crate::records::{Kept, Records, RecordsError, Wanted};
use crate::text::make_safe;

#[derive(Debug, Args)]
pub(crate) struct RecordsShowArgs {
    /// Its name, as in `records list`
    pub(crate) collection: String,
    /// The record's key [default: the first ten]
    pub(crate) key: Option<String>,
    /// Form of the record
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// How many records `show` shows of a collection.
const FIRST: usize = 10;

pub(crate) fn show(settings: &CliSettings, args: &RecordsShowArgs) -> Result<VerbExit, Failure> {
    let found = with_look(settings, async |look| {
        if !look.exists {
            return Ok(Vec::new());
        }
        let shelf = shelf(&look.store);
        require(&shelf, &args.collection).await?;
        match &args.key {
            Some(key) => {
                let record = shelf.record(&args.collection, key).await;
                let record = record.map_err(Failure::infrastructure)?;
                let missing = || Failure::usage(format!("{:?} has no record {key:?}", args.collection));
                Ok(vec![record.ok_or_else(missing)?])
            }
            None => first(&shelf, &args.collection).await,
        }
    })?;
    match (args.format, &args.key) {
        (Format::Json, Some(_)) => print_json(&found.first())?,
        (Format::Json, None) => print_json(&found)?,
        (Format::Text, _) => print_text(&found.iter().map(text).collect::<String>())?,
    }
    Ok(VerbExit::Success)
}

/// The first few of a collection.
async fn first(shelf: &Records, collection: &str) -> Result<Vec<Kept>, Failure> {
    let mut found = Vec::new();
    let wanted = Wanted::default();
    let reading = shelf.export(collection, &wanted, |record| {
        found.push(record.clone());
        // An error is how one stops.
        if found.len() < FIRST {
            Ok(())
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    });
    match reading.await {
        Ok(()) | Err(RecordsError::Output(_)) => Ok(found),
        Err(error) => Err(Failure::infrastructure(error)),
    }
}

/// A record for people: what is known of it, and since when.
fn text(record: &Kept) -> String {
    let data: serde_json::Value = serde_json::from_str(record.data.get()).unwrap_or_default();
    let data = serde_json::to_string_pretty(&data).unwrap_or_default();
    let mut text = format!("{} {}\n", make_safe(&record.collection), make_safe(&record.key));
    for line in data.lines() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {}", make_safe(line));
    }
    for (what, at, run) in [
        ("first seen", record.first_seen, &record.first_run),
        ("changed", record.changed_at, &record.changed_run),
        ("last seen", record.seen_at, &record.seen_run),
    ] {
        let at = at.map_or_else(|| "-".to_owned(), time);
        let _ = writeln!(text, "  {what} {at} in run {run}");
    }
    text
}

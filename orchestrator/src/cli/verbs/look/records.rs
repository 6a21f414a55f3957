//! `records`: what collectors brought, read back.

use std::fmt::Write as _;
use std::io::{self, BufWriter};

use comfy_table::{Table, presets};
use jiff::Timestamp;

use crate::cli::command_line::{
    Format, Global, RecordsExportArgs, RecordsPruneArgs, RecordsShowArgs, RecordsVerb,
};
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::{shelf, with_store};
use crate::cli::shell::when::When;
use crate::cli::verbs::look::records_rows::Rows;
use crate::model::nearest;
use crate::model::{Clock, SystemClock};
use crate::records::{Collection, Kept, Records, RecordsError, Wanted};
use crate::store::Store;
use crate::text::make_safe;

/// How many records `show` shows of a collection.
const FIRST: usize = 10;

/// Does what the word after `records` says.
pub(crate) fn records(global: &Global, verb: &RecordsVerb) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    match verb {
        RecordsVerb::List { format } => list(&settings, *format),
        RecordsVerb::Show(args) => show(&settings, args),
        RecordsVerb::Export(args) => export(&settings, args),
        RecordsVerb::Prune(args) => prune(&settings, args),
    }
}

fn list(settings: &Settings, format: Format) -> Result<Exit, Failure> {
    let collections = with_store(settings, async |store| {
        shelf(store).collections().await.map_err(Failure::infrastructure)
    })?;
    match format {
        Format::Json => print_json(&collections)?,
        Format::Text => print_text(&table(&collections))?,
    }
    Ok(Exit::Success)
}

fn table(collections: &[Collection]) -> String {
    if collections.is_empty() {
        return "No records.\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["Collection", "Records", "Delivered", "By", "Brought"]);
    for collection in collections {
        let by = format!("{}/{}", collection.group, collection.command);
        table.add_row([
            make_safe(&collection.collection).into_owned(),
            collection.records.to_string(),
            collection.delivered_at.map_or_else(|| "-".to_owned(), time),
            make_safe(&by).into_owned(),
            collection.counts.to_string(),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn show(settings: &Settings, args: &RecordsShowArgs) -> Result<Exit, Failure> {
    let found = with_store(settings, async |store| {
        let shelf = shelf(store);
        known(&shelf, &args.collection).await?;
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
    Ok(Exit::Success)
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

fn export(settings: &Settings, args: &RecordsExportArgs) -> Result<Exit, Failure> {
    let done = with_store(settings, async |store| {
        let shelf = shelf(store);
        known(&shelf, &args.collection).await?;
        let wanted = Wanted {
            since: match &args.since {
                Some(since) => Some(moment(store, since).await?),
                None => None,
            },
            changed: args.changed,
        };
        let mut rows = Rows::begin(args.format, BufWriter::new(io::stdout().lock()));
        let reading = shelf.export(&args.collection, &wanted, |record| rows.row(record));
        match reading.await {
            Ok(()) => Ok(rows.end()),
            Err(RecordsError::Output(error)) => Ok(Err(error)),
            Err(error) => Err(Failure::infrastructure(error)),
        }
    })?;
    match done {
        // A reader that has gone away has seen what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::infrastructure(
            anyhow::Error::new(error).context("cannot write to standard output"),
        )),
        _ => Ok(Exit::Success),
    }
}

/// The start of a run, or a moment.
async fn moment(store: &Store, since: &str) -> Result<Timestamp, Failure> {
    if let Ok(when) = since.parse::<When>() {
        return Ok(when.resolve(SystemClock.now()));
    }
    let record = crate::cli::verbs::look::show::find(store, since).await;
    record.map(|record| record.header.started_at).map_err(|_| {
        Failure::usage(format!("--since {since:?} is neither a run nor a moment"))
            .hint("write a run's id, a date (2026-11-25), an instant, or how long ago (90m, 7d)")
    })
}

/// How many names a message lists.
const NAMES: usize = 20;

/// A collection that is not there is a mistake in the name, or nobody has delivered yet.
async fn known(shelf: &Records, collection: &str) -> Result<(), Failure> {
    if shelf.has(collection).await.map_err(Failure::infrastructure)? {
        return Ok(());
    }
    let names = shelf.names().await.map_err(Failure::infrastructure)?;
    let failure = Failure::usage(format!(
        "there is no collection {collection:?}{}",
        nearest(collection, names.iter().map(String::as_str))
            .map_or_else(String::new, |name| format!(" (did you mean {name:?}?)"))
    ));
    if names.is_empty() {
        return Err(failure.hint("no collector has delivered records yet; orchestrate history says what ran"));
    }
    let shown: Vec<_> = names.iter().take(NAMES).map(String::as_str).collect();
    let more = if names.len() > NAMES { ", …" } else { "" };
    Err(failure.hint(format!("the collections are: {}{more}", shown.join(", "))))
}

fn prune(settings: &Settings, args: &RecordsPruneArgs) -> Result<Exit, Failure> {
    let since = args.unseen_for.resolve(SystemClock.now());
    let count = with_store(settings, async |store| {
        let shelf = shelf(store);
        known(&shelf, &args.collection).await?;
        shelf
            .prune(&args.collection, since, args.dry_run)
            .await
            .map_err(Failure::infrastructure)
    })?;
    let would = if args.dry_run { "would be " } else { "" };
    print_text(&format!(
        "{count} records of {} {would}forgotten: not delivered since {}\n",
        make_safe(&args.collection),
        time(since)
    ))?;
    Ok(Exit::Success)
}

//! `records export`: the records of a collection, one after another.

use std::io::{self, BufWriter};

use clap::Args;
use jiff::Timestamp;

use crate::cli::args::moment::MomentArg;
use crate::cli::shell::database::look::with_one_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::shelf;
use crate::cli::verbs::look::records::collection::{await_first_delivery, require};
use crate::cli::verbs::look::records::rows::ExportFormat;
use crate::cli::verbs::look::records::rows::Rows;
use crate::model::{Clock, SystemClock};
use crate::queries::find_run::find_run;
use crate::records::{RecordsError, Wanted};
use crate::store::Store;

#[derive(Debug, Args)]
pub(crate) struct RecordsExportArgs {
    /// Its name, as in `records list`
    pub(crate) collection: String,
    /// Form of the records
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ExportFormat,
    /// Only what changed then or later: a run's id (its start), 2026-11-25, 2026-11-25T04:10:00Z, or 7d
    #[arg(long, value_name = "RUN|TIME")]
    pub(crate) since: Option<String>,
    /// Only what the collection's newest delivery brought new or changed
    #[arg(long)]
    pub(crate) changed: bool,
}

pub(crate) fn export(settings: &CliSettings, args: &RecordsExportArgs) -> Result<VerbExit, Failure> {
    let done = with_one_look(settings, async |look| {
        let (shelf, store) = (shelf(&look.store), &look.store);
        if !look.exists || await_first_delivery(&shelf, &args.collection).await? {
            return Ok(Rows::begin(args.format, BufWriter::new(io::stdout().lock())).end());
        }
        require(&shelf, &args.collection).await?;
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
        _ => Ok(VerbExit::Success),
    }
}

/// The start of a run, or a moment.
async fn moment(store: &Store, since: &str) -> Result<Timestamp, Failure> {
    if let Ok(when) = since.parse::<MomentArg>() {
        return Ok(when.resolve(SystemClock.now()));
    }
    let record = find_run(store, since).await;
    record.map(|record| record.header.started_at).map_err(|_| {
        Failure::usage(format!("--since {since:?} is neither a run nor a moment"))
            .hint("write a run's id, a date (2026-11-25), an instant, or how long ago (90m, 7d)")
    })
}

//! What earlier runs brought and the database could not take at the time: brought in
//! when the next run starts, or by `db import-journal`. A scheduler does so by itself.

use std::path::Path;

use anstyle::AnsiColor;

use crate::cli::shell::failure::Failure;
use crate::cli::shell::stderr::print_words;
use crate::execution::ingest_deliveries;
use crate::model::RunId;
use crate::records::{Records, Undelivered};
use crate::text::make_safe;

/// Brings in what was noted, each delivery exactly once, and says so.
///
/// # Errors
/// The notes cannot be found, or the database is away again.
pub(crate) async fn ingest(records: &Records, state_dir: &Path) -> Result<(), Failure> {
    let problems = ingest_deliveries(records, state_dir).await.map_err(|error| {
        let waits = error.may_pass();
        let failure = Failure::infrastructure(error);
        if waits {
            return failure.hint("what earlier runs brought waits in their events files; nothing is lost");
        }
        failure
    })?;
    let yellow = AnsiColor::Yellow.on_default().bold();
    for problem in problems {
        print_words!("{yellow}warning:{yellow:#} {}", make_safe(&problem));
    }
    Ok(())
}

/// A run whose records are not all in the database is not over.
///
/// # Errors
/// That is so.
pub(crate) fn none_left(state_dir: &Path, run: &RunId) -> Result<(), Failure> {
    let left = Undelivered::of_run(state_dir, run).map_err(Failure::infrastructure)?;
    if left == 0 {
        return Ok(());
    }
    let what = anyhow::anyhow!("what {left} collectors of run {run} brought is not in the database");
    Err(Failure::infrastructure(what).hint(
        "their events files are complete; the next run brings them in, or orchestrate db import-journal",
    ))
}

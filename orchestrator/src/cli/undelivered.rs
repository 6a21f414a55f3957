//! What earlier runs brought and the database could not take at the time: brought in
//! when the next run starts, or by `db import-journal`.

use std::path::Path;

use anstream::eprintln;
use anstyle::AnsiColor;

use super::failure::Failure;
use crate::model::RunId;
use crate::records::{Shelf, Undelivered};
use crate::report::neutralised;

/// Brings in what was noted, each delivery exactly once, and says so.
///
/// # Errors
/// The notes cannot be found, or the database is away again.
pub(super) async fn bring_in(shelf: &Shelf, state_dir: &Path) -> Result<(), Failure> {
    let found = Undelivered::find(state_dir).map_err(Failure::infrastructure)?;
    let mut problems = found.problems;
    for delivery in found.deliveries {
        let name = format!("what {} brought in run {}", delivery.command, delivery.run);
        match shelf.ingest(state_dir, &delivery).await {
            Ok(taken) => {
                delivery.forget(state_dir).map_err(Failure::infrastructure)?;
                tracing::info!("{} is in the database now: {}", neutralised(&name), taken.counts);
            }
            Err(error) if error.may_pass() => {
                return Err(Failure::infrastructure(error)
                    .hint("what earlier runs brought waits in their events files; nothing is lost"));
            }
            Err(error) => problems.push(format!("{name} cannot be taken: {error}")),
        }
    }
    let yellow = AnsiColor::Yellow.on_default().bold();
    for problem in problems {
        eprintln!("{yellow}warning:{yellow:#} {}", neutralised(&problem));
    }
    Ok(())
}

/// A run whose records are not all in the database is not over.
///
/// # Errors
/// That is so.
pub(super) fn none_left(state_dir: &Path, run: &RunId) -> Result<(), Failure> {
    let left = Undelivered::of_run(state_dir, run).map_err(Failure::infrastructure)?;
    if left == 0 {
        return Ok(());
    }
    let what = anyhow::anyhow!("what {left} collectors of run {run} brought is not in the database");
    Err(Failure::infrastructure(what).hint(
        "their events files are complete; the next run brings them in, or orchestrate db import-journal",
    ))
}

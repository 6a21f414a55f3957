//! `logs` of a run that no worker has taken: there is none yet, and that is said.

use crate::cli::shell::database::look::with_one_look;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::unusable;
use crate::cli::verbs::look::logs::asked::LogsMeant;
use crate::model::{Clock, RunId, SystemClock};
use crate::queries::logs::LogBell;
use crate::queries::queued_runs::QueuedLine;
use crate::store::QueuedState;
use crate::text::make_safe;

/// Says why there is nothing to print.
pub(super) fn print_not_taken(queued: &QueuedLine) {
    print_words!(
        "run {} has written nothing: no worker has taken it, {}",
        queued.run,
        make_safe(&queued.waits_since(SystemClock.now()))
    );
}

/// Waits until a worker has begun it; `None` if it ends before.
///
/// # Errors
/// The database fails.
pub(super) fn await_worker<'a>(
    settings: &CliSettings,
    run: &RunId,
    collector: Option<&'a str>,
) -> Result<Option<LogsMeant<'a>>, Failure> {
    with_one_look(settings, async |look| {
        let store = &look.store;
        let mut bell = LogBell::new(store.clone());
        loop {
            // Asked first: what ends meanwhile has its record by then.
            let queued = store.queued_run(run).await.map_err(unusable)?;
            if let Some(record) = store.run(run).await.map_err(unusable)? {
                return Ok(Some(LogsMeant::new(store, record, collector)));
            }
            if queued.is_none_or(|queued| queued.state == QueuedState::Ended) {
                print_words!("run {run} was given up before anything of it was started");
                return Ok(None);
            }
            bell.ring_for(run).await;
        }
    })
}

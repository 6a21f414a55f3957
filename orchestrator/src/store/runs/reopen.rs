//! Taking back what was assumed of a run that was given up.

use crate::database::arg::args;
use crate::database::transaction::Transaction;
use crate::model::RunId;
use crate::store::change::change_one;
use crate::store::error::StoreError;
use crate::store::runs::transition::StateChange;

/// A run that was given up turns out to have left a journal that knows more: what was
/// only assumed is taken back. Called by whoever applies events, in its transaction.
pub(crate) async fn reopen(sql: &mut Transaction, run: &RunId, lost: &str) -> Result<(), StoreError> {
    let not_started = format!("not started: {lost}");
    let assumed = args![run, lost, &not_started];
    for statement in [
        "update attempts set finished_at = null, outcome = null, reason = null
         where run_id = $1 and outcome = 'lost' and reason in ($2, $3)",
        "update tasks set outcome = null, reason = null, category = null, attempts = 0, log = null
         where run_id = $1 and outcome in ('lost', 'skipped') and reason in ($2, $3)",
        "update ledger set state = 'due', cause = null
         where state in ('unknown', 'skipped') and cause in ($2, $3) and run_id = $1",
        "update ledger set state = 'due', cause = null
         where state in ('unknown', 'skipped') and cause in ($2, $3) and run_id is null
           and (entry, slot) = (select entry, slot from slots where run_id = $1)",
    ] {
        sql.execute(statement, &assumed).await?;
    }
    change_one(sql, StateChange::ReopenRun,
        "update runs set finished_at = null, success = null, lost = null, succeeded = 0, failed = 0, skipped = 0
         where id = $1 and lost is not null",
        &args![run],
    )
    .await
}

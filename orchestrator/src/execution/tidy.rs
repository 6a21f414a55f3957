//! Forgetting old runs by itself, as the settings say (`retention:`). Called by every verb
//! that executes collectors, when it has told how they ended, and by the scheduler when a
//! run has ended: nobody waits for it, and nothing depends on it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::execution::means::Means;
use crate::store::Retention;

/// Whatever is not done by then is done the next time.
const PATIENCE: Duration = Duration::from_secs(2);

/// Forgets what is due. A failure is said and is none of the run's.
pub async fn tidy(means: &Means) -> Result<(), String> {
    let now = means.context.clock.now();
    let wanted = retention(&means.retention, now);
    match means.store.tidy(&means.state_dir, &wanted, now, PATIENCE).await {
        Ok(Some(pruned)) if pruned.runs > 0 => {
            tracing::info!(
                "{} old runs forgotten, {} bytes of logs and journals",
                pruned.runs,
                pruned.bytes
            );
        }
        Ok(_) => {}
        Err(error) => {
            let problem = format!("old runs cannot be forgotten: {error}");
            tracing::warn!("{problem}");
            return Err(problem);
        }
    }
    Ok(())
}

fn retention(wanted: &crate::model::Retention, now: Timestamp) -> Retention {
    Retention {
        since: wanted
            .age
            .and_then(|age| SignedDuration::try_from(age).ok())
            .and_then(|age| now.checked_sub(age).ok()),
        runs: wanted.count,
        bytes: wanted.bytes,
    }
}

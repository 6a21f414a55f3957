//! Forgetting old runs by itself, as the settings say (`retention:`). Called by every verb
//! that executes collectors, when it has told how they ended: nobody waits for it, and
//! nothing depends on it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::settings::Settings;
use crate::store::{Retention, Store};

/// Whatever is not done by then is done the next time.
const PATIENCE: Duration = Duration::from_secs(2);

/// Forgets what is due. A failure is said and is none of the run's.
pub(super) async fn tidy(store: &Store, settings: &Settings, now: Timestamp) {
    let wanted = retention(&settings.file.retention, now);
    match store.tidy(&settings.state_dir, &wanted, now, PATIENCE).await {
        Ok(Some(pruned)) if pruned.runs > 0 => {
            tracing::info!(
                "{} old runs forgotten, {} bytes of logs and journals",
                pruned.runs,
                pruned.bytes
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!("old runs cannot be forgotten: {error}"),
    }
}

fn retention(wanted: &crate::config::Retention, now: Timestamp) -> Retention {
    Retention {
        since: wanted
            .age
            .and_then(|age| SignedDuration::try_from(age).ok())
            .and_then(|age| now.checked_sub(age).ok()),
        runs: wanted.count,
        bytes: wanted.bytes,
    }
}

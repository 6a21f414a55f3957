//! Telling whom it concerns, when runs have ended or slots were not run. It fails nothing:
//! what could not be told is said in the log and in the record of deliveries, and tried
//! again by whoever comes next.

use std::time::Duration;

use crate::execution::executor::Executor;
use crate::notify::SlotNotice;

/// A verb that has done its work does not wait longer; the next one goes on.
const PATIENCE: Duration = Duration::from_secs(30);

impl Executor {
    /// Raises and delivers what is due. Returns what stood in the way, which is in the log.
    ///
    /// # Errors
    /// That; it is tried again by whoever comes next.
    pub async fn notify(&self) -> Result<(), String> {
        let work = async {
            self.notifier.raise(&self.store).await?;
            self.notifier.deliver(&self.store).await
        };
        let problem = match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => format!("notices wait in the database: {error}"),
            Err(_) => format!("notices wait: telling took more than {} s", PATIENCE.as_secs()),
        };
        tracing::warn!("{problem}");
        Err(problem)
    }

    /// Writes down that tasks did not run at a slot, for whoever wants to know of that.
    pub async fn notify_missed(&self, missed: &SlotNotice) {
        if let Err(error) = self.notifier.raise_missed(&self.store, missed).await {
            warn(missed, &error);
        }
    }

    /// Writes down that a slot began late, for these channels and with how many times in a
    /// row.
    pub async fn notify_late(&self, late: &SlotNotice, channels: &[(String, u64)]) {
        if let Err(error) = self.notifier.raise_late(&self.store, late, channels).await {
            warn(late, &error);
        }
    }
}

fn warn(notice: &SlotNotice, error: &crate::store::StoreError) {
    let slot = &notice.slot;
    tracing::warn!("nobody is told of slot {} of {}: {error}", slot.at, slot.entry);
}

//! Telling whom it concerns, when runs have ended or slots were not run. It fails nothing:
//! what could not be told is said in the log and in the record of deliveries, and tried
//! again by whoever comes next.

use std::time::Duration;

use crate::execution::executor::Executor;
use crate::notify::SlotNotice;

/// A verb that has done its work does not wait longer; the next one goes on.
const PATIENCE: Duration = Duration::from_secs(30);

impl Executor {
    /// Raises and delivers what is due.
    pub async fn notify(&self) {
        let work = async {
            self.notifier.raise(&self.store).await?;
            self.notifier.deliver(&self.store).await
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!("notices wait in the database: {error}"),
            Err(_) => tracing::warn!("notices wait: telling took more than {} s", PATIENCE.as_secs()),
        }
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

//! Telling whom it concerns, when runs have ended or slots were not run. It fails nothing:
//! what could not be told is said in the log and in the record of deliveries, and tried
//! again by whoever comes next.

use std::io;
use std::time::Duration;

use crate::engine::ending_signal;
use crate::events::Summary;
use crate::execution::executor::Executor;
use crate::notify::SlotNotice;

/// A verb that has done its work does not wait longer; the next one goes on.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nor does one whose run was ended by a signal, of which exit codes above 128 tell.
const SHORT_PATIENCE: Duration = Duration::from_secs(5);
const SIGNALS: u8 = 128;

/// What the database is given to note that a delivery was broken off.
const GIVE_BACK: Duration = Duration::from_secs(2);

impl Executor {
    /// Raises and delivers what is due. Returns what stood in the way, which is in the log.
    ///
    /// # Errors
    /// That; it is tried again by whoever comes next.
    pub async fn notify(&self) -> Result<(), String> {
        self.notify_within(PATIENCE).await
    }

    async fn notify_within(&self, patience: Duration) -> Result<(), String> {
        let work = async {
            self.notifier.raise(&self.store).await?;
            self.notifier.deliver(&self.store, patience).await
        };
        let problem = match tokio::time::timeout(patience + GIVE_BACK, work).await {
            Ok(Ok(delivery)) if delivery.complete => return Ok(()),
            Ok(Ok(_)) => "notices wait in the database: there was no time for them".to_owned(),
            Ok(Err(error)) => format!("notices wait in the database: {error}"),
            Err(_) => "notices wait: the database is slow".to_owned(),
        };
        tracing::warn!("{problem}");
        Err(problem)
    }

    /// Tells whom the end of a run by hand concerns. A signal breaks that off: the run has
    /// ended, and what was not told waits in the database. Returns whether one came.
    ///
    /// # Errors
    /// Signals cannot be heard.
    pub async fn notify_end(&self, summary: &Summary) -> io::Result<bool> {
        let signal = ending_signal()?;
        let patience = if summary.exit_code > SIGNALS {
            SHORT_PATIENCE
        } else {
            PATIENCE
        };
        let work = async {
            // What stood in the way is in the log.
            let _ = self.notify_within(patience).await;
            if summary.success {
                self.notifier.pulse_after_success().await;
            }
        };
        let mut work = std::pin::pin!(work);
        tokio::select! {
            () = &mut work => return Ok(false),
            () = signal => self.notifier.break_off.throw(),
        }
        if tokio::time::timeout(GIVE_BACK, work).await.is_err() {
            tracing::warn!("notices wait: the database is slow");
        }
        Ok(true)
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

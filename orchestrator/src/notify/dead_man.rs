//! The dead man's watch: somebody is asked for a URL as long as all is well, and
//! raises the alarm when that stops.

use std::time::Duration;

use crate::model::Pulse;
use crate::notify::notifier::Notifier;
use crate::notify::transport::request::NetworkRequest;

impl Notifier {
    /// Tells the watch that a run succeeded, if it wants to know of runs.
    pub async fn pulse_after_success(&self) {
        if self
            .dead_man
            .as_ref()
            .is_some_and(|watch| watch.after == Pulse::Run)
        {
            // It is in the log, and the watch notices by itself.
            let _ = self.pulse().await;
        }
    }

    /// Tells the watch that we are alive, if there is one. A failure is said in the log: the
    /// watch notices by itself.
    ///
    /// # Errors
    /// That failure.
    pub async fn pulse(&self) -> Result<(), String> {
        let Some(watch) = &self.dead_man else {
            return Ok(());
        };
        let ask = async {
            let url = self.network.value(&watch.url)?;
            self.network.send(&NetworkRequest::Get { url }).await
        };
        let asked = tokio::select! {
            biased;
            () = self.break_off.thrown() => Err("we are to end".to_owned()),
            asked = ask => asked,
        };
        asked.inspect_err(|error| tracing::warn!("the dead man's watch was not reached: {error}"))
    }

    /// How often a scheduler is to call [`Notifier::pulse`]; `None` for never.
    pub fn pulse_every(&self) -> Option<Duration> {
        match self.dead_man.as_ref()?.after {
            Pulse::Tick(every) => Some(every),
            Pulse::Run => None,
        }
    }
}

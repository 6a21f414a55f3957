//! The end of telling: what goes on is broken off, and nothing more begins. What was not
//! told waits in the database.

use std::sync::Arc;

use tokio::sync::watch;

/// A switch that is thrown once. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct StopSwitch(Arc<watch::Sender<bool>>);

impl Default for StopSwitch {
    fn default() -> Self {
        Self(Arc::new(watch::channel(false).0))
    }
}

impl StopSwitch {
    /// Whoever waits for a server gives up now, and nothing new is begun.
    pub fn throw(&self) {
        self.0.send_replace(true);
    }

    /// Done when it is thrown.
    pub async fn thrown(&self) {
        // It fails only without a sender, which is here.
        let _ = self.0.subscribe().wait_for(|thrown| *thrown).await;
    }
}

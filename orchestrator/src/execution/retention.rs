//! Forgetting old runs by itself, as the settings say (`retention:`). Called by every verb
//! that executes collectors, when it has told how they ended, and by the scheduler when a
//! run has ended: nobody waits for it, and nothing depends on it.

use std::time::Duration;

use crate::execution::executor::Executor;
use crate::text::counted;

/// Whatever is not done by then is done the next time.
const PATIENCE: Duration = Duration::from_secs(2);

impl Executor {
    /// Forgets what is due. A failure is in the log and is none of the run's.
    ///
    /// # Errors
    /// That failure.
    pub async fn tidy(&self) -> Result<(), String> {
        let tidying = self
            .store
            .tidy(self.state_dir(), &self.retention, self.now(), PATIENCE);
        match tidying.await {
            Ok(Some(pruned)) if pruned.runs > 0 => {
                tracing::info!(
                    "{} forgotten, {} of logs and journals",
                    counted(pruned.runs, "old run"),
                    counted(pruned.bytes, "byte")
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
}

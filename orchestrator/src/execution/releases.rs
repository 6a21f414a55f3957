//! Whether there are releases that somebody waits for: asked, noted, and answered.

use crate::execution::executor::Executor;
use crate::model::{Release, ReleaseSource, ReleaseTag};
use crate::release::find_releases;

impl Executor {
    /// Asks where `source` says. What cannot be found out is an answer, with its reason.
    pub async fn check_releases(&self, source: &ReleaseSource) -> Release {
        self.record_releases(source, self.find_releases(source).await)
            .await
    }

    /// Asks outside: the first half of [`Executor::check_releases`], which may serve several
    /// who want to know.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub async fn find_releases(&self, source: &ReleaseSource) -> Result<Vec<ReleaseTag>, String> {
        let found = find_releases(source, &self.engine.launcher).await;
        // Who was asked has our environment, and may quote it.
        found.map_err(|reason| self.engine.secrets.masked(&reason))
    }

    /// Notes what was found, and adds what has been done about it by now: the second half.
    pub async fn record_releases(
        &self,
        source: &ReleaseSource,
        found: Result<Vec<ReleaseTag>, String>,
    ) -> Release {
        let found = match found {
            Ok(found) => found,
            Err(reason) => return Release::Unknown(reason),
        };
        match self.store.note_releases(source, found, self.now()).await {
            Ok(releases) => Release::Known(releases),
            Err(error) => Release::Unknown(format!("what was done about releases is not known: {error}")),
        }
    }
}

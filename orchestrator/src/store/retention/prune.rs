//! Forgetting old runs because somebody says so: of all that the database has.

use std::path::Path;

use jiff::Timestamp;

use crate::database::columns::Micros;
use crate::model::{Retention, RunId};
use crate::rundir::StateDir;
use crate::store::error::StoreError;
use crate::store::retention::forget::{BATCH, size};
use crate::store::store::Store;

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    /// Runs that were looked at.
    pub seen: usize,
    /// Runs that went.
    pub runs: usize,
    /// Bytes of their directories.
    pub bytes: u64,
    /// Runs that would have gone, but hold a collector's last success or failure.
    pub kept: usize,
}

impl Store {
    /// Forgets what `retention` excludes, oldest last; with `dry_run` only says what
    /// that would be.
    ///
    /// # Errors
    /// The database fails, or a directory cannot be removed. What was forgotten until
    /// then is forgotten whole.
    pub async fn prune(
        &self,
        state_dir: &Path,
        retention: &Retention,
        now: Timestamp,
        dry_run: bool,
    ) -> Result<Pruned, StoreError> {
        let since = retention.since(now);
        let all: Vec<(String, Micros)> = self
            .database
            .fetch(
                "select id, started_at from runs where finished_at is not null
                 order by started_at desc, id desc",
                &[],
            )
            .await?;
        let mut pruned = Pruned::default();
        let mut doomed = Vec::new();
        let mut kept_bytes = 0;
        for batch in all.chunks(BATCH) {
            let ids: Vec<RunId> = batch.iter().map(|(id, _)| RunId::new(id.as_str())).collect();
            let precious = self.precious_among(&ids).await?;
            for (run, (_, started_at)) in ids.into_iter().zip(batch) {
                pruned.seen += 1;
                let bytes = size(&StateDir(state_dir).run(&run)).unwrap_or(0);
                let excluded = since.is_some_and(|since| started_at.0 < since)
                    || retention.count.is_some_and(|count| pruned.seen > count)
                    || retention.bytes.is_some_and(|limit| kept_bytes + bytes > limit);
                match (excluded, precious.contains(&run)) {
                    (true, false) => {
                        pruned.runs += 1;
                        pruned.bytes += bytes;
                        doomed.push(run);
                        continue;
                    }
                    (true, true) => pruned.kept += 1,
                    (false, _) => {}
                }
                kept_bytes += bytes;
            }
        }
        if !dry_run {
            for batch in doomed.chunks(BATCH) {
                self.forget(state_dir, batch).await?;
            }
            if let Some(since) = since {
                self.forget_slots(since).await?;
                self.forget_logs(since).await?;
            }
            self.forget_actions(since).await?;
        }
        Ok(pruned)
    }
}

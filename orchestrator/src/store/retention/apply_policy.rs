//! Forgetting by itself what the settings do not want to be kept. Called at the end of a
//! run and by the scheduler; looks once an hour, does little at a time, and goes on the
//! next time. What is looked at is the run directories of this machine: whatever database
//! it is, another machine's runs are not ours to forget.

use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::database::arg::args;
use crate::files::{state_mode, write};
use crate::input::read_regular;
use crate::model::{Retention, RunId};
use crate::rundir::unrecorded;
use crate::rundir::{StateDir, is_worked_on};
use crate::store::error::StoreError;
use crate::store::retention::forget::{BATCH, size};
use crate::store::retention::prune::Pruned;
use crate::store::store::Store;

/// How long nothing is looked at after a look.
const REST: SignedDuration = SignedDuration::from_hours(1);

/// When the last look was, in the state directory.
const STAMP: &str = "tidied";

impl Store {
    /// Forgets, oldest first, the runs of this state directory that `retention` excludes,
    /// if the last look is an hour ago, until it is done or `patience` is over. Never a
    /// collector's last success or failure, never a run that goes on, and never one that
    /// the database does not have. `None` if it is not time yet.
    ///
    /// # Errors
    /// The database fails, or a file cannot be read or removed. What was forgotten until
    /// then is forgotten whole.
    pub async fn tidy(
        &self,
        state_dir: &Path,
        retention: &Retention,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Option<Pruned>, StoreError> {
        let deadline = Instant::now() + patience;
        let stamp = state_dir.join(STAMP);
        if *retention == Retention::EVERYTHING || !is_time(read_stamp(&stamp).as_deref(), now) {
            return Ok(None);
        }
        let at_stamp = |source| StoreError::File {
            path: stamp.clone(),
            source,
        };
        write(&stamp, now.to_string().as_bytes(), state_mode()).map_err(at_stamp)?;
        let (root, wanted) = (state_dir.to_owned(), *retention);
        let excluded = tokio::task::spawn_blocking(move || excluded(&root, &wanted, now))
            .await
            .map_err(io::Error::from)
            .and_then(|excluded| excluded)
            .map_err(|source| StoreError::File {
                path: StateDir(state_dir).runs(),
                source,
            })?;
        let mut pruned = Pruned {
            seen: excluded.seen,
            ..Pruned::default()
        };
        for batch in excluded.runs.chunks(BATCH) {
            if Instant::now() >= deadline {
                break;
            }
            self.tidy_batch(state_dir, batch, &mut pruned).await?;
        }
        if let Some(since) = retention.since(now) {
            self.forget_slots(since).await?;
            self.forget_logs(since).await?;
        }
        self.forget_actions(retention.since(now)).await?;
        Ok(Some(pruned))
    }

    async fn tidy_batch(
        &self,
        state_dir: &Path,
        batch: &[(RunId, u64)],
        pruned: &mut Pruned,
    ) -> Result<(), StoreError> {
        let ids: Vec<RunId> = batch.iter().map(|(run, _)| run.clone()).collect();
        let finished = self.finished_among(&ids).await?;
        let precious = self.precious_among(&finished).await?;
        pruned.kept += precious.len();
        let doomed: Vec<RunId> = finished
            .into_iter()
            .filter(|run| !precious.contains(run) && !is_worked_on(state_dir, run))
            .collect();
        let of_doomed = batch.iter().filter(|(run, _)| doomed.contains(run));
        pruned.bytes += of_doomed.map(|(_, bytes)| bytes).sum::<u64>();
        pruned.runs += doomed.len();
        self.forget(state_dir, &doomed).await
    }

    /// Those of `runs` that the database has, with their end.
    async fn finished_among(&self, runs: &[RunId]) -> Result<Vec<RunId>, StoreError> {
        let sql = self.database.text(
            "select id from runs where finished_at is not null and id in (select value from json_each($1))",
            "select id from runs where finished_at is not null
               and id in (select value from jsonb_array_elements_text($1) as x(value))",
        );
        let ids: Vec<String> = runs.iter().map(ToString::to_string).collect();
        let rows: Vec<(String,)> = self.database.fetch(sql, &args![&ids]).await?;
        Ok(rows.into_iter().map(|(run,)| RunId::new(run)).collect())
    }
}

fn read_stamp(path: &Path) -> Option<String> {
    String::from_utf8(read_regular(path, 100).ok()?).ok()
}

/// Whether the last look was long enough ago; a clock that was set back counts as long.
fn is_time(stamp: Option<&str>, now: Timestamp) -> bool {
    let last = stamp.and_then(|text| text.trim().parse::<Timestamp>().ok());
    last.is_none_or(|last| {
        let since = now.duration_since(last);
        since >= REST || since < SignedDuration::ZERO
    })
}

/// What the directories say should go.
#[derive(Debug, PartialEq, Eq)]
struct Excluded {
    seen: usize,
    /// Oldest first, with the bytes of each.
    runs: Vec<(RunId, u64)>,
}

fn excluded(state_dir: &Path, retention: &Retention, now: Timestamp) -> io::Result<Excluded> {
    let runs = unrecorded::all(state_dir)?;
    // What waits for the database is not in it whole: it is brought in first.
    let waiting = unrecorded::noted(state_dir)?;
    let bytes_of = |run: &RunId| match retention.bytes {
        Some(_) => size(&StateDir(state_dir).run(run)).unwrap_or(0),
        None => 0,
    };
    let count = kept(&runs, retention, now, bytes_of);
    let seen = runs.len();
    let runs = runs.into_iter().take(seen - count);
    Ok(Excluded {
        seen,
        runs: runs
            .filter(|run| waiting.binary_search(run).is_err())
            .map(|run| {
                let bytes = size(&StateDir(state_dir).run(&run)).unwrap_or(0);
                (run, bytes)
            })
            .collect(),
    })
}

/// How many of the newest runs are within the bounds; `runs` are sorted, oldest first.
/// Ids begin with the second in which the run began.
fn kept(runs: &[RunId], retention: &Retention, now: Timestamp, bytes_of: impl Fn(&RunId) -> u64) -> usize {
    let since = retention.since(now).map(|since| RunId::at(since, 0));
    let mut bytes = 0;
    runs.iter()
        .rev()
        .take(retention.count.unwrap_or(usize::MAX))
        .take_while(|run| since.as_ref().is_none_or(|since| *run >= since))
        .take_while(|run| {
            bytes += bytes_of(run);
            retention.bytes.is_none_or(|limit| bytes <= limit)
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_time_once_an_hour_and_when_the_clock_was_set_back() {
        let now = at("2026-11-25T04:10:00Z");
        assert!(is_time(None, now));
        assert!(is_time(Some("torn"), now));
        assert!(!is_time(Some("2026-11-25T03:10:01Z"), now));
        assert!(is_time(Some("2026-11-25T03:10:00Z"), now));
        assert!(is_time(Some("2026-11-26T00:00:00Z"), now));
    }

    #[test]
    fn any_bound_excludes_and_the_oldest_go() {
        let runs: Vec<RunId> = (10..20)
            .map(|day| RunId::at(at(&format!("2026-11-{day}T04:10:00Z")), 7))
            .collect();
        let now = at("2026-11-20T04:10:00Z");
        let kept = |retention: Retention| kept(&runs, &retention, now, |_| 100);
        assert_eq!(kept(Retention::EVERYTHING), 10);
        let runs_only = |runs| Retention {
            count: Some(runs),
            ..Retention::EVERYTHING
        };
        assert_eq!((kept(runs_only(3)), kept(runs_only(0))), (3, 0));
        let since = Retention {
            age: Some(Duration::from_secs(2 * 24 * 3600)),
            ..Retention::EVERYTHING
        };
        assert_eq!(kept(since), 2);
        let bytes = Retention {
            bytes: Some(599),
            ..Retention::EVERYTHING
        };
        assert_eq!(kept(bytes), 5);
        assert_eq!(
            kept(Retention {
                count: Some(4),
                ..bytes
            }),
            4
        );
    }
}

//! What became of runs whose process is gone. Done whenever the store is opened by
//! a verb, so that nobody is ever shown a run as running that is not: first the
//! journals bring in what the database missed, then what has no end is `lost`.

use std::path::Path;

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::columns::{Micros, OwnerColumns};
use crate::database::transaction::Transaction;
use crate::events::{RunEvent, SlotRef};
use crate::files::name_owner;
use crate::model::{Owner, RunId};
use crate::rundir::{StateDir, is_worked_on, unrecorded_runs};
use crate::rundir::{
    journal::{self, Numbered},
    unrecorded,
};
use crate::store::error::StoreError;
use crate::store::fleet::fence::RunFence;
use crate::store::liveness::{LocalLiveness, is_abandoned};
use crate::store::runs::write::Gaps;
use crate::store::store::Store;
use crate::store::timetable::slots_of_runs;

/// How many events are brought in by one transaction.
const BATCH: usize = 200;

/// What a recovery found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Runs of which a journal brought something in.
    pub imported: Vec<RunId>,
    /// Runs that ended without a record, and why.
    pub lost: Vec<(RunId, String)>,
    /// Journals that could not be brought in, or not whole, and why.
    pub problems: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct UnfinishedColumns {
    id: String,
    #[sqlx(flatten)]
    owner: OwnerColumns,
}

#[derive(sqlx::FromRow)]
struct NeverBegunColumns {
    entry: String,
    slot: Micros,
    run_id: String,
    #[sqlx(flatten)]
    owner: OwnerColumns,
}

impl Store {
    /// Brings in every noted journal whose run does not go on, and gives up the runs
    /// of this machine's dead processes. Whatever another machine owns, and whatever
    /// is alive, is left alone.
    ///
    /// # Errors
    /// The database fails. What was done until then is done; the rest is found again.
    pub async fn recover(
        &self,
        state_dir: &Path,
        here: &Owner,
        now: Timestamp,
    ) -> Result<Recovered, StoreError> {
        let noted = unrecorded::noted(state_dir).map_err(|source| StoreError::File {
            path: state_dir.to_owned(),
            source,
        })?;
        let mut found = Recovered::default();
        for run in noted {
            if !is_worked_on(state_dir, &run) {
                found.problems.extend(locked_by_stranger(state_dir, &run));
                self.import(state_dir, &run, &mut found).await?;
            }
        }
        let alive = LocalLiveness { state_dir, here };
        for (run, owner) in self.unfinished().await? {
            if is_abandoned(&alive, &run, &owner) {
                let reason = format!(
                    "orchestrate ({owner}) ended without a record: it was killed or the machine restarted"
                );
                if self.lose(&run, &owner, &reason, now).await? {
                    found.lost.push((run, reason));
                }
            }
        }
        self.settle_never_begun(&alive).await?;
        Ok(found)
    }

    /// Whether [`Store::recover`] would find nothing. Looks only.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_settled(&self, state_dir: &Path, here: &Owner) -> Result<bool, StoreError> {
        let noted = unrecorded_runs(state_dir).map_err(|source| StoreError::File {
            path: state_dir.to_owned(),
            source,
        })?;
        if !noted.is_empty() {
            return Ok(false);
        }
        let alive = LocalLiveness { state_dir, here };
        let lost = |(run, owner): &(RunId, Owner)| is_abandoned(&alive, run, owner);
        if self.unfinished().await?.iter().any(lost) {
            return Ok(false);
        }
        let never_begun = self.never_begun(&alive).await?;
        let mut owners = never_begun.iter().map(|row| (&row.run_id, &row.owner.0));
        Ok(!owners.any(|(run, owner)| is_abandoned(&alive, &RunId::new(run), owner)))
    }

    /// Slots of this machine that were taken and whose run has no beginning.
    async fn never_begun(&self, alive: &LocalLiveness<'_>) -> Result<Vec<NeverBegunColumns>, StoreError> {
        let rows: Vec<NeverBegunColumns> = self.database.fetch(
                "select distinct s.entry, s.slot, s.run_id, s.owner_host, s.owner_boot, s.owner_pid, s.owner_start
                 from ledger l join slots s on s.entry = l.entry and s.slot = l.slot
                 where l.state = 'due' and l.run_id is null and s.run_id is not null and s.owner_host = $1
                   and not exists (select 1 from runs where runs.id = s.run_id)
                   and not exists (select 1 from queued_runs q where q.run_id = s.run_id)",
                &args![&alive.here.host],
            )
            .await?;
        Ok(rows)
    }

    /// Slots that somebody took who ended before the run had a beginning: its journal
    /// would have been brought in by now, so nothing was started.
    async fn settle_never_begun(&self, alive: &LocalLiveness<'_>) -> Result<(), StoreError> {
        let rows = self.never_begun(alive).await?;
        for row in rows {
            let run = RunId::new(row.run_id);
            let owner = row.owner.0;
            if is_abandoned(alive, &run, &owner) {
                let cause = format!("orchestrate ({owner}) took the slot and ended before it could run it");
                let slot = SlotRef {
                    entry: row.entry,
                    at: row.slot.0,
                };
                self.give_up_slot(&slot, &run, &cause).await?;
            }
        }
        Ok(())
    }

    /// Brings in the journal of every run directory there is, noted or not: into a
    /// database that is new, or was restored from an old copy.
    ///
    /// # Errors
    /// The database fails, or the directory cannot be read.
    pub async fn import_all(&self, state_dir: &Path) -> Result<Recovered, StoreError> {
        let mut found = Recovered::default();
        for run in unrecorded::all(state_dir).map_err(|source| StoreError::File {
            path: StateDir(state_dir).runs(),
            source,
        })? {
            if !is_worked_on(state_dir, &run) {
                self.import(state_dir, &run, &mut found).await?;
            }
        }
        Ok(found)
    }

    /// Brings in one journal. What the database has of it is passed over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn import(
        &self,
        state_dir: &Path,
        run: &RunId,
        found: &mut Recovered,
    ) -> Result<(), StoreError> {
        let path = journal_of(state_dir, run);
        let (events, unreadable) = match journal::read(&path) {
            Ok(read) => read,
            // A run that was killed before its first event, or whose directory was removed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Vec::new(), Vec::new()),
            Err(error) => {
                let error = name_owner(&[&path], error);
                found.problems.push(format!("{}: {error}", path.display()));
                return Ok(());
            }
        };
        found.problems.extend(
            unreadable
                .iter()
                .map(|problem| format!("{}: {problem}", path.display())),
        );
        let before = self.events(run).await?;
        let fence = claim_of(run, &events);
        for batch in events.chunks(BATCH) {
            match self.apply(run, batch, Gaps::Accepted, fence.as_ref()).await {
                // Another worker has it, or ended it: what this one did is a note and no more.
                Err(StoreError::Fenced(_)) => {
                    let path = path.display();
                    found.problems.push(format!(
                        "{path}: another worker took the run over; it is left as it is"
                    ));
                    break;
                }
                Err(StoreError::Refused(what)) => {
                    found.problems.push(format!("{}: {what}", path.display()));
                    return Ok(());
                }
                done => done?,
            }
        }
        if self.events(run).await? > before {
            found.imported.push(run.clone());
        }
        unrecorded::forget(state_dir, run).map_err(|source| StoreError::File { path, source })
    }

    async fn events(&self, run: &RunId) -> Result<i64, StoreError> {
        let rows: Vec<(i64,)> = self
            .database
            .fetch("select events from runs where id = $1", &args![run])
            .await?;
        Ok(rows.first().map_or(0, |(events,)| *events))
    }

    /// Runs without an end, oldest first, and the processes that own them. Whether a run of the
    /// queue goes on is told by its lease.
    pub(crate) async fn unfinished(&self) -> Result<Vec<(RunId, Owner)>, StoreError> {
        let rows: Vec<UnfinishedColumns> = self
            .database
            .fetch(
                "select id, owner_host, owner_boot, owner_pid, owner_start from runs
                 where finished_at is null and not exists (select 1 from queued_runs q
                     where q.run_id = runs.id and q.state <> 'ended')
                 order by started_at, id",
                &[],
            )
            .await?;
        let read = |row: UnfinishedColumns| (RunId::new(row.id), row.owner.0);
        Ok(rows.into_iter().map(read).collect())
    }

    /// Gives a run up: its running task is lost, what had not begun was not started.
    /// `false` if somebody else did it, or the run found its end, in the meantime.
    async fn lose(
        &self,
        run: &RunId,
        owner: &Owner,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut sql = self.database.begin().await?;
        // The row is locked by this: whoever comes second finds it finished.
        let ours = sql
            .execute(
                "update runs set finished_at = $1, success = $2, lost = $3
                 where id = $4 and finished_at is null and owner_pid = $5 and owner_start = $6",
                &args![now, false, reason, run, owner.pid, owner.started],
            )
            .await?;
        if ours == 0 {
            sql.commit().await?;
            return Ok(false);
        }
        lose_rows(&mut sql, run, reason, now).await?;
        sql.commit().await?;
        Ok(true)
    }

    /// Gives up a run of the queue, while its claim stands: it has lost too many workers. Asked
    /// again, it is done.
    ///
    /// # Errors
    /// [`StoreError::Fenced`], or the database fails.
    pub async fn give_up_claimed(
        &self,
        fence: &RunFence,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut sql = self.database.begin().await?;
        if fence.has_ended(&mut sql).await? {
            return Ok(sql.commit().await?);
        }
        fence.hold(&mut sql).await?;
        let begun = sql
            .execute(
                "update runs set finished_at = $1, success = $2, lost = $3
                 where id = $4 and finished_at is null",
                &args![now, false, reason, &fence.run],
            )
            .await?;
        if begun == 0 {
            // Nothing of it was ever started, and its slot is all that there is.
            sql.execute(
                "update ledger set state = 'missed', cause = $2 where state = 'due' and run_id is null
                   and (entry, slot) = (select entry, slot from slots where run_id = $1)",
                &args![&fence.run, reason],
            )
            .await?;
        } else {
            lose_rows(&mut sql, &fence.run, reason, now).await?;
        }
        fence.finish(&mut sql).await?;
        Ok(sql.commit().await?)
    }
}

/// What has no end in a run that is given up: its running task is lost, the rest was not started.
async fn lose_rows(
    sql: &mut Transaction,
    run: &RunId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let not_started = format!("not started: {reason}");
    slots_of_runs::lose_tasks(sql, run, reason, &not_started).await?;
    for (statement, args) in [
        (
            "update tasks set outcome = 'lost', reason = $2, category = 'failed',
                     attempts = (select count(*) from attempts
                         where attempts.run_id = tasks.run_id and attempts.position = tasks.position),
                     log = (select log from attempts
                         where attempts.run_id = tasks.run_id and attempts.position = tasks.position
                         order by number desc limit 1)
                 where run_id = $1 and outcome is null
                   and position in (select position from attempts where run_id = $1)",
            &args![run, reason][..],
        ),
        (
            "update tasks set outcome = 'skipped', reason = $2 where run_id = $1 and outcome is null",
            &args![run, &not_started][..],
        ),
        (
            "update attempts set finished_at = $2, outcome = 'lost', reason = $3
                 where run_id = $1 and finished_at is null",
            &args![run, now, reason][..],
        ),
        (
            "update runs set
                     succeeded = (select count(*) from tasks where run_id = $1 and outcome = 'succeeded'),
                     skipped = (select count(*) from tasks where run_id = $1 and outcome = 'skipped'),
                     failed = (select count(*) from tasks
                         where run_id = $1 and outcome not in ('succeeded', 'skipped'))
                 where id = $1",
            &args![run][..],
        ),
    ] {
        sql.execute(statement, args).await?;
    }
    Ok(())
}

/// The claim under which a journal was written, where its run was in a queue.
fn claim_of(run: &RunId, events: &[Numbered]) -> Option<RunFence> {
    let (_, first) = events.first()?;
    match &**first {
        RunEvent::RunStarted { epoch, .. } => epoch.map(|epoch| RunFence {
            run: run.clone(),
            epoch,
        }),
        _ => None,
    }
}

/// A lock that does not count, which whoever thinks that the run goes on should know of.
fn locked_by_stranger(state_dir: &Path, run: &RunId) -> Option<String> {
    let path = journal_of(state_dir, run);
    let who = journal::stranger(&path)?;
    Some(format!(
        "{} is locked by {who}, which does not write it",
        path.display()
    ))
}

/// Where the journal of a run is.
pub(crate) fn journal_of(state_dir: &Path, run: &RunId) -> std::path::PathBuf {
    journal::path(&StateDir(state_dir).run(run))
}

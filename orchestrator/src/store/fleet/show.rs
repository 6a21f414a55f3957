//! Which waiting run a worker may take: the oldest of each entry, if it fits. Only what fits
//! is asked of the queue, so that nobody uses up showings of a run that is for others.

use crate::database::AssertSqlSafe;
use crate::database::arg::args;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::fleet::queue::{FleetQueue, now};

/// How long a run is hidden from others until whoever was shown it has claimed it, in seconds: the
/// shortest lease there is, so that a look that came to nothing costs no more than one.
const UNCLAIMED: i64 = 2;

/// So many more are tried than are wanted: another worker may have been shown the first ones.
const SPARE: usize = 4;

/// How long others leave a run to the worker that ran its entry last, in microseconds: it hears of
/// the run at once.
const PREFERRED: i64 = 250_000;

/// A worker that said so within this time is there, in microseconds: two of its words.
const THERE: i64 = 10_000_000;

/// So many runs are looked at for the one that this worker would rather have than others.
const CHOICE: usize = 64;

/// What a worker has to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerMeans {
    /// The name by which it is known, for runs that it ran last.
    pub name: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// The secrets that have a value here.
    pub secrets: Vec<String>,
    /// The newest version of plans that it can read.
    pub plan_version: u32,
}

/// A run that the queue showed to one worker, for a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRun {
    /// Which.
    pub run: RunId,
    /// Its message.
    pub message: i64,
    /// How often that was shown by now: the number of a claim that follows.
    pub shown: i64,
}

impl FleetQueue {
    /// Shows at most `most` runs. Each has its claim, or is shown to others in a while.
    ///
    /// # Errors
    /// The database fails.
    pub async fn show(&self, means: &WorkerMeans, most: usize) -> Result<Vec<ShownRun>, StoreError> {
        let candidates: Vec<(String, i64)> = self
            .database
            .fetch(
                AssertSqlSafe(self.candidates()),
                &args![
                    &means.labels,
                    &means.secrets,
                    means.plan_version,
                    &means.name,
                    most + SPARE
                ],
            )
            .await?;
        let mut shown = Vec::new();
        for (run, message) in candidates {
            if shown.len() == most {
                break;
            }
            let run = RunId::new(run);
            let mut sql = self.database.begin().await?;
            let count = self.read(&mut sql, &run, UNCLAIMED).await?;
            sql.commit().await?;
            shown.extend(count.map(|shown| ShownRun { run, message, shown }));
        }
        Ok(shown)
    }

    /// Whoever ran the entry last comes first to it: its workspace is there. If it is idle at that
    /// moment, others leave it the run for [`PREFERRED`]; nobody waits for one that is not. `offset 0`
    /// keeps PostgreSQL from making a join of a question that an index answers for each run: over a
    /// queue of thousands that took seconds.
    fn candidates(&self) -> String {
        let (now, held, known) = (
            now(&self.database),
            self.database.text(
                "not exists (select 1 from json_each(r.labels) l
                     where l.value not in (select value from json_each($1)))",
                "r.labels <@ $1",
            ),
            self.database.text(
                "not exists (select 1 from json_each(r.secrets) s
                     where s.value not in (select value from json_each($2)))",
                "r.secrets <@ $2",
            ),
        );
        let last = |column: &str| {
            format!(
                "(select l.{column} from queued_runs l where l.entry = r.entry and l.state = 'ended'
                  order by l.message desc limit 1)"
            )
        };
        let (last_worker, last_end) = (last("worker"), last("ended_at"));
        format!(
            "select r.run_id, r.message from (select r.* from queued_runs r
             where r.state <> 'ended' and r.lease_until <= {now}
               and r.version <= $3 and {held} and {known}
               and not exists (select 1 from queued_runs o
                   where o.entry = r.entry and o.state <> 'ended' and o.run_id <> r.run_id
                     and (o.state = 'running' and o.lease_until > {now} or o.message < r.message)
                   limit 1 offset 0)
               and not (r.scheduled and r.state = 'queued' and exists (select 1 from pauses p
                   where p.group_name = r.group_name and p.resumed_at is null))
               and not (r.state = 'queued'
                   and (r.ready_at > {now} - {PREFERRED} or coalesce({last_end}, 0) > {now} - {PREFERRED})
                   and exists (select 1 from workers w
                       where w.name = {last_worker} and w.name <> $4 and w.state = 'working'
                         and w.seen_at > {now} - {THERE}
                         and w.capacity > (select count(*) from queued_runs b
                             where b.worker = w.name and b.state = 'running')))
             order by r.message limit {CHOICE}) as r
             order by case when r.worker = $4 or {last_worker} = $4 then 0 else 1 end, r.message
             limit $5"
        )
    }
}

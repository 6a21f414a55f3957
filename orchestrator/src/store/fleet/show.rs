//! Which waiting run a worker may take: the oldest of each entry, if it fits. Only what fits
//! is asked of the queue, so that nobody uses up showings of a run that is for others.

use crate::database::AssertSqlSafe;
use crate::database::arg::{Arg, args};
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::fleet::queue::{FleetQueue, now};
use sqlx::types::Json;

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

/// A worker that said nothing for so long is gone, in microseconds.
const SILENT: i64 = 20_000_000;

/// The commands of so many runs are looked for by every worker.
const MOST_WAITING: u32 = 500;

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
    /// Commands for which nothing can be executed here, of those that were asked for.
    pub lacks_commands: Vec<String>,
}

/// A run that a worker may have, as far as the database can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub run: RunId,
    /// Its message.
    pub message: i64,
    /// What must be executable where it runs.
    pub commands: Vec<String>,
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
        let candidates = self.candidates(means, most).await?;
        self.show_first(candidates, most).await
    }

    /// Runs that this worker may have, and some to spare. Nobody is kept from them by that.
    ///
    /// # Errors
    /// The database fails.
    pub async fn candidates(&self, means: &WorkerMeans, most: usize) -> Result<Vec<Candidate>, StoreError> {
        let mut args = args![
            &means.labels,
            &means.secrets,
            means.plan_version,
            &means.name,
            most + SPARE
        ]
        .to_vec();
        // Asked of those only who lack something: for all others it would cost without saying anything.
        let others = match means.lacks_commands.is_empty() {
            true => String::new(),
            false => {
                args.push(Arg::from(&means.lacks_commands));
                format!("and not {}", self.is_for_others())
            }
        };
        let text = AssertSqlSafe(self.candidates_text(&others));
        let rows: Vec<(String, i64, Json<Vec<String>>)> = self.database.fetch(text, &args).await?;
        let candidate = |(run, message, Json(commands)): (String, i64, Json<Vec<String>>)| Candidate {
            run: RunId::new(run),
            message,
            commands,
        };
        Ok(rows.into_iter().map(candidate).collect())
    }

    /// Shows the first so many of these that nobody else was shown meanwhile.
    ///
    /// # Errors
    /// The database fails.
    pub async fn show_first(
        &self,
        candidates: Vec<Candidate>,
        most: usize,
    ) -> Result<Vec<ShownRun>, StoreError> {
        let mut shown = Vec::new();
        for Candidate { run, message, .. } in candidates {
            if shown.len() == most {
                break;
            }
            let mut sql = self.database.begin().await?;
            let count = self.read(&mut sql, &run, UNCLAIMED).await?;
            sql.commit().await?;
            shown.extend(count.map(|shown| ShownRun { run, message, shown }));
        }
        Ok(shown)
    }

    /// The commands of the oldest runs that wait, each once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn commands_waiting(&self) -> Result<Vec<String>, StoreError> {
        let each = self.database.text(
            "json_each(r.commands) c",
            "jsonb_array_elements_text(r.commands) as c (value)",
        );
        let text = format!(
            "select distinct c.value from (select commands from queued_runs
                 where state <> 'ended' and lease_until <= {} order by message limit $1) as r cross join {each}
             order by c.value",
            now(&self.database)
        );
        let rows: Vec<(String,)> = self
            .database
            .fetch(AssertSqlSafe(text), &args![MOST_WAITING])
            .await?;
        Ok(rows.into_iter().map(|(command,)| command).collect())
    }

    /// Whether a run needs what this worker lacks, while another one that is there may have it and has
    /// not said that it lacks it: what nobody has is taken, and its task says so.
    fn is_for_others(&self) -> String {
        let text = |sqlite: &'static str, postgres: &'static str| self.database.text(sqlite, postgres);
        let lacks = text(
            "exists (select 1 from json_each(r.commands) c
                 where c.value in (select value from json_each($6)))",
            "exists (select 1 from jsonb_array_elements_text(r.commands) c (value) where $6 ? c.value)",
        );
        let may_have = text(
            "not exists (select 1 from json_each(r.labels) l
                 where l.value not in (select value from json_each(o.labels)))
             and (o.secrets is null or not exists (select 1 from json_each(r.secrets) s
                 where s.value not in (select value from json_each(o.secrets))))",
            "r.labels <@ o.labels and (o.secrets is null or r.secrets <@ o.secrets)",
        );
        let lacks_too = text(
            "exists (select 1 from json_each(r.commands) c
                 where c.value in (select value from json_each(o.lacks_commands)))",
            "exists (select 1 from jsonb_array_elements_text(r.commands) c (value)
                 where o.lacks_commands ? c.value)",
        );
        format!(
            "({lacks} and exists (select 1 from workers o
                 where o.name <> $4 and o.state = 'working' and o.seen_at > {} - {SILENT}
                   and (o.plan_version is null or o.plan_version >= r.version) and {may_have}
                   and (o.lacks_commands is null or not {lacks_too})))",
            now(&self.database)
        )
    }

    /// Whoever ran the entry last comes first to it: its workspace is there. If it is idle at that
    /// moment, others leave it the run for [`PREFERRED`]; nobody waits for one that is not. `offset 0`
    /// keeps PostgreSQL from making a join of a question that an index answers for each run: over a
    /// queue of thousands that took seconds.
    fn candidates_text(&self, others: &str) -> String {
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
            "select r.run_id, r.message, r.commands from (select r.* from queued_runs r
             where r.state <> 'ended' and r.lease_until <= {now}
               and r.version <= $3 and {held} and {known} {others}
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

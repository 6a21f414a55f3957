//! Numbers about one collector: how often it succeeds and how long it takes. Of its newest
//! runs, so that the answer takes as long for a million as for a hundred; only its last
//! success and its last failure are looked for in all there is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use sqlx::AssertSqlSafe;

use crate::database::arg::{Arg, args};
use crate::database::columns::Micros;
use crate::model::{OutcomeKind, RunId};
use crate::store::error::StoreError;
use crate::store::runs::known_tasks::{KnownTask, is_one_of};
use crate::store::runs::rows::number;
use crate::store::store::Store;

/// Which runs of a collector are looked at.
#[derive(Debug, Clone, Default)]
pub struct StatisticsFilter {
    /// The task: one of that name, or several in different groups.
    pub tasks: Vec<KnownTask>,
    /// The group that was asked for, if one was.
    pub group: Option<String>,
    /// Only runs that began then or later.
    pub since: Option<Timestamp>,
    /// Only runs that began before this.
    pub until: Option<Timestamp>,
    /// The newest so many.
    pub last: u32,
}

/// How a collector does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statistics {
    /// The task's name; the names of several, separated by commas.
    pub name: String,
    /// The collector.
    pub command: String,
    /// The group that was asked for, if one was.
    pub group: Option<String>,
    /// How often it was in a run, among the runs that were looked at.
    pub runs: usize,
    /// When the oldest of them began.
    pub first: Option<Timestamp>,
    /// When the newest of them began.
    pub last: Option<Timestamp>,
    /// How often each outcome; `unfinished` for what has none yet.
    pub outcomes: BTreeMap<String, usize>,
    /// Successes among those that were tried and ended, from 0 to 1; `None` if none did.
    pub success_rate: Option<f64>,
    /// How long its successes took; `None` if there is none.
    pub duration: Option<Durations>,
    /// Its last success, of all there are.
    pub last_success: Option<EndedRun>,
    /// Its last failure, of all there are.
    pub last_failure: Option<EndedRun>,
}

/// How long something took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Durations {
    /// Half of them took no longer.
    pub median_ms: u64,
    /// Of a hundred, 95 took no longer.
    pub p95_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

/// A run in which the collector ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndedRun {
    /// Its id.
    pub run: RunId,
    /// When it began.
    pub started_at: Timestamp,
    /// The keyword of the collector's outcome.
    pub outcome: String,
    /// The cause in words.
    pub reason: String,
    /// How long the collector took, in milliseconds.
    pub duration_ms: u64,
}

#[derive(sqlx::FromRow)]
struct EndedRunColumns {
    run_id: String,
    run_started_at: Micros,
    outcome: Option<String>,
    reason: Option<String>,
    duration_ms: i64,
}

const SUCCESS: [OutcomeKind; 1] = [OutcomeKind::Succeeded];
const FAILURES: [OutcomeKind; 5] = [
    OutcomeKind::Failed,
    OutcomeKind::TimedOut,
    OutcomeKind::Cancelled,
    OutcomeKind::NotStarted,
    OutcomeKind::Lost,
];

impl Store {
    /// How a task does.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn statistics(&self, filter: &StatisticsFilter) -> Result<Statistics, StoreError> {
        if filter.tasks.is_empty() {
            return Ok(summarise(&[]));
        }
        let mut args = args![filter.last].to_vec();
        let mut place = |value: Arg| {
            args.push(value);
            format!("${}", args.len())
        };
        let mut conditions = vec![is_one_of(&filter.tasks, &mut place)];
        conditions.extend(
            filter
                .since
                .map(|since| format!("run_started_at >= {}", place(Arg::from(since)))),
        );
        conditions.extend(
            filter
                .until
                .map(|until| format!("run_started_at < {}", place(Arg::from(until)))),
        );
        let conditions = conditions.join(" and ");
        let rows: Vec<EndedRunColumns> = self
            .database
            .fetch(
                AssertSqlSafe(format!(
                    "select run_id, run_started_at, outcome, reason, duration_ms from tasks
                     where {conditions}
                     order by run_started_at desc, run_id desc limit $1"
                )),
                &args,
            )
            .await?;
        let rows = rows
            .into_iter()
            .map(EndedRunColumns::read)
            .collect::<Result<Vec<_>, _>>()?;
        let mut statistics = summarise(&rows);
        statistics.name = join(filter.tasks.iter().map(|task| task.name.as_str()));
        statistics.command = join(filter.tasks.iter().map(|task| task.command.as_str()));
        statistics.group.clone_from(&filter.group);
        for task in &filter.tasks {
            let success = self.last_ended(task, &SUCCESS).await?;
            statistics.last_success = newest(statistics.last_success.take(), success);
            let failure = self.last_ended(task, &FAILURES).await?;
            statistics.last_failure = newest(statistics.last_failure.take(), failure);
        }
        Ok(statistics)
    }

    /// The newest run in which the task ended with one of these outcomes: one step into the
    /// index for each of them.
    async fn last_ended(
        &self,
        task: &KnownTask,
        outcomes: &[OutcomeKind],
    ) -> Result<Option<EndedRun>, StoreError> {
        let mut args = args![&task.group, &task.name].to_vec();
        args.extend(outcomes.iter().map(|outcome| Arg::from(outcome.as_str())));
        let each: Vec<String> = (3..)
            .zip(outcomes)
            .map(|(place, outcome)| {
                format!(
                    "select * from (
                         select run_id, run_started_at, outcome, reason, duration_ms from tasks
                         where group_name = $1 and name = $2 and outcome = ${place}
                         order by run_started_at desc, run_id desc limit 1) as {outcome}"
                )
            })
            .collect();
        let rows: Vec<EndedRunColumns> = self
            .database
            .fetch(AssertSqlSafe(each.join(" union all ")), &args)
            .await?;
        rows.into_iter().try_fold(None, |before, row| {
            let task = row.read()?;
            let ended = EndedRun {
                run: task.run,
                started_at: task.started_at,
                outcome: task.outcome.unwrap_or_default(),
                reason: task.reason,
                duration_ms: task.duration_ms,
            };
            Ok(newest(before, Some(ended)))
        })
    }
}

/// Each once, separated by commas.
fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect::<Vec<_>>()
        .join(", ")
}

fn newest(one: Option<EndedRun>, other: Option<EndedRun>) -> Option<EndedRun> {
    let when = |ended: &EndedRun| (ended.started_at, ended.run.to_string());
    one.into_iter().chain(other).max_by_key(when)
}

/// A task of the collector, as the numbers need it.
#[derive(Debug, Clone)]
struct Task {
    run: RunId,
    started_at: Timestamp,
    outcome: Option<String>,
    reason: String,
    duration_ms: u64,
}

impl EndedRunColumns {
    fn read(self) -> Result<Task, StoreError> {
        let run = RunId::new(self.run_id);
        Ok(Task {
            started_at: self.run_started_at.0,
            outcome: self.outcome,
            reason: self.reason.unwrap_or_default(),
            duration_ms: number(&run, self.duration_ms)?,
            run,
        })
    }
}

/// The numbers of some tasks, newest first.
fn summarise(tasks: &[Task]) -> Statistics {
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for task in tasks {
        let outcome = task.outcome.as_deref().unwrap_or("unfinished");
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
    }
    let count = |kinds: &[OutcomeKind]| -> usize {
        kinds.iter().filter_map(|kind| outcomes.get(kind.as_str())).sum()
    };
    let (succeeded, failed) = (count(&SUCCESS), count(&FAILURES));
    let durations = tasks
        .iter()
        .filter(|task| task.outcome.as_deref() == Some(OutcomeKind::Succeeded.as_str()))
        .map(|task| task.duration_ms);
    Statistics {
        name: String::new(),
        command: String::new(),
        group: None,
        runs: tasks.len(),
        first: tasks.last().map(|task| task.started_at),
        last: tasks.first().map(|task| task.started_at),
        success_rate: (succeeded + failed > 0).then(|| ratio(succeeded, succeeded + failed)),
        duration: Durations::of(durations.collect()),
        outcomes,
        last_success: None,
        last_failure: None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of runs are far below 2^52")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

impl Durations {
    /// By nearest rank: each is a duration that there was.
    fn of(mut all: Vec<u64>) -> Option<Self> {
        all.sort_unstable();
        let rank = |percent: usize| {
            all.get((all.len() * percent).div_ceil(100).saturating_sub(1))
                .copied()
        };
        Some(Self {
            median_ms: rank(50)?,
            p95_ms: rank(95)?,
            max_ms: rank(100)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(second: i64, outcome: Option<&str>, duration_ms: u64) -> Task {
        Task {
            run: RunId::new(format!("r{second}")),
            started_at: Timestamp::from_second(second).unwrap(),
            outcome: outcome.map(str::to_owned),
            reason: String::new(),
            duration_ms,
        }
    }

    #[test]
    fn what_was_not_tried_counts_for_nothing() {
        let all = [
            task(9, None, 0),
            task(8, Some("skipped"), 0),
            task(7, Some("timed_out"), 9_000),
            task(6, Some("succeeded"), 100),
            task(5, Some("succeeded"), 300),
            task(4, Some("succeeded"), 200),
        ];
        let numbers = summarise(&all);
        assert_eq!(numbers.runs, 6);
        assert_eq!(numbers.success_rate, Some(0.75));
        assert_eq!(numbers.outcomes["unfinished"], 1);
        assert_eq!(
            numbers.duration,
            Some(Durations {
                median_ms: 200,
                p95_ms: 300,
                max_ms: 300
            })
        );
        assert_eq!(
            (numbers.first, numbers.last),
            (Some(all[5].started_at), Some(all[0].started_at))
        );
        let nothing = summarise(&all[..2]);
        assert_eq!((nothing.success_rate, nothing.duration), (None, None));
        assert_eq!(summarise(&[]).runs, 0);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let durations = Durations::of((1..=100).rev().collect()).unwrap();
        assert_eq!(
            (durations.median_ms, durations.p95_ms, durations.max_ms),
            (50, 95, 100)
        );
        let one = Durations::of(vec![7]).unwrap();
        assert_eq!((one.median_ms, one.p95_ms, one.max_ms), (7, 7, 7));
        assert_eq!(Durations::of(Vec::new()), None);
    }
}

//! The night in one answer: what became of every task of the timetable since a moment, what
//! needs a look, and what to type next.

pub(crate) mod answer;
pub(crate) mod error;
pub(crate) mod facts;
#[cfg(test)]
pub(crate) mod fixtures;
pub(crate) mod gather;
pub(crate) mod judge;
pub(crate) mod next_step;
pub(crate) mod problems;
pub(crate) mod slots;
pub(crate) mod words;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::{OutcomeKind, Schedule};
use crate::queries::queued_runs::{QueuedLine, queued_lines};
use crate::records::{Edge, Records};
use crate::store::{Heartbeat, SchedulerRole, Store};

pub(crate) use answer::{NightLine, NightState, StatusAnswer, StatusProblem};
pub(crate) use error::StatusError;
use facts::{NightFacts, NightWindow};

/// What is asked.
#[derive(Debug)]
pub(crate) struct StatusQuestion<'a> {
    /// `None` if the file cannot be used; then `schedule_error` says why.
    pub(crate) schedule: Option<&'a Schedule>,
    pub(crate) schedule_error: Option<String>,
    /// Only tasks of these groups; empty for all.
    pub(crate) groups: &'a [String],
    /// `None` for the last 24 hours.
    pub(crate) since: Option<Timestamp>,
    pub(crate) now: Timestamp,
    /// In which the sentence says its times.
    pub(crate) zone: &'a TimeZone,
    /// What the asker has found that is no task's.
    pub(crate) problems: Vec<StatusProblem>,
}

/// What the record says beside the tasks.
#[derive(Debug, Default)]
struct Surroundings {
    schedulers: Vec<(Heartbeat, SchedulerRole)>,
    newest_slot: Option<Timestamp>,
    /// Runs that wait for a worker.
    queued: Vec<QueuedLine>,
    /// Who wrote and read what.
    edges: Vec<Edge>,
}

/// Where nothing is said.
const NIGHT: SignedDuration = SignedDuration::from_hours(24);

/// The answer.
///
/// # Errors
/// The database fails.
pub(crate) async fn status(store: &Store, asked: &StatusQuestion<'_>) -> Result<StatusAnswer, StatusError> {
    let mut facts = gather::gather(store, asked.schedule, asked.window()).await?;
    let queued = queued_lines(store).await?;
    gather::note_queued(&mut facts, &queued, asked.now);
    let around = Surroundings {
        schedulers: store.schedulers().await?,
        newest_slot: store.newest_slot().await?,
        queued,
        edges: Records::from(store.database()).edges(asked.now).await?,
    };
    Ok(answer(&facts, &around, asked))
}

impl StatusQuestion<'_> {
    fn window(&self) -> NightWindow {
        let night = self.now.checked_sub(NIGHT).unwrap_or(Timestamp::MIN);
        NightWindow {
            since: self.since.unwrap_or(night),
            now: self.now,
        }
    }
}

/// The answer of these facts. Pure.
fn answer(facts: &[NightFacts], around: &Surroundings, asked: &StatusQuestion<'_>) -> StatusAnswer {
    let window = asked.window();
    let all: Vec<NightLine> = facts.iter().map(|facts| judge::judge(facts, window)).collect();
    let mut problems = asked.problems.clone();
    let place = (asked.now, asked.zone);
    problems.extend(problems::no_scheduler(
        &around.schedulers,
        around.newest_slot,
        &all,
        place,
    ));
    problems.extend(problems::complaints(&around.schedulers));
    problems.extend(problems::stuck_runs(&around.queued));
    problems.extend(
        asked
            .schedule
            .iter()
            .flat_map(|schedule| problems::early(schedule, &around.edges)),
    );
    let wanted = |line: &NightLine| asked.groups.is_empty() || asked.groups.contains(&line.group);
    let tasks: Vec<NightLine> = all.into_iter().filter(wanted).collect();
    // Nothing is said twice: what a task says of itself is no problem beside it.
    let said_of_task = |problem: &StatusProblem| {
        let mut causes = tasks.iter().filter(|line| line.attention);
        causes.any(|line| line.cause.as_deref() == Some(problem.message.as_str()))
    };
    problems.retain(|problem| !said_of_task(problem));
    let count = |is: &dyn Fn(&NightLine) -> bool| tasks.iter().filter(|line| is(line)).count();
    let ran =
        |line: &NightLine| line.state == NightState::Ran && line.outcome == Some(OutcomeKind::Succeeded);
    let said = around
        .schedulers
        .iter()
        .find_map(|(scheduler, _)| scheduler.schedule_error.clone());
    let mut answer = StatusAnswer {
        since: window.since,
        at: asked.now,
        verdict: String::new(),
        due: count(&NightLine::is_due),
        succeeded: count(&|line| ran(line) && line.suspect.is_none()),
        suspect: count(&|line| ran(line) && line.suspect.is_some()),
        attention: count(&|line| line.attention),
        scheduler: problems::scheduler(&around.schedulers),
        schedule_error: asked.schedule_error.clone().or(said),
        problems,
        tasks,
    };
    answer.verdict = words::verdict(&answer, asked.zone);
    answer
}

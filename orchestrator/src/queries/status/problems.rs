//! What needs a look and is no task's: schedulers, and the file of the timetable. Pure.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::Schedule;
use crate::queries::early_reads::{EarlyRead, early_reads};
use crate::queries::queued_runs::QueuedLine;
use crate::queries::status::answer::{NightLine, NightScheduler, NightState, StatusProblem};
use crate::queries::status::words::short_time;
use crate::records::Edge;
use crate::store::{Heartbeat, SchedulerRole};

/// A scheduler says every ten seconds that it is there.
const RECENT: SignedDuration = SignedDuration::from_secs(60);

/// The scheduler that is shown: the one that leads.
pub(crate) fn scheduler(schedulers: &[(Heartbeat, SchedulerRole)]) -> Option<NightScheduler> {
    let (heartbeat, role) = schedulers.first()?;
    Some(NightScheduler {
        leading: *role == SchedulerRole::Leading,
        seen_at: heartbeat.seen_at,
    })
}

/// Whether nobody keeps a timetable that somebody kept, or that nobody has served.
pub(crate) fn no_scheduler(
    schedulers: &[(Heartbeat, SchedulerRole)],
    newest_slot: Option<Timestamp>,
    lines: &[NightLine],
    (now, zone): (Timestamp, &TimeZone),
) -> Option<StatusProblem> {
    let leads = |(heartbeat, role): &(Heartbeat, SchedulerRole)| {
        *role == SchedulerRole::Leading && now.duration_since(heartbeat.seen_at) <= RECENT
    };
    if schedulers.iter().any(leads) {
        return None;
    }
    let silent = schedulers.iter().map(|(heartbeat, _)| heartbeat.seen_at).max();
    let missed = lines
        .iter()
        .filter(|line| line.state == NightState::Missed)
        .count();
    let slots = match missed {
        0 => String::new(),
        1 => "; 1 slot was missed".to_owned(),
        missed => format!("; {missed} slots were missed"),
    };
    let last = silent.or(newest_slot.filter(|slot| *slot <= now));
    let message = match last {
        Some(last) => format!(
            "no scheduler has run since {}{slots}",
            short_time(last, now, zone)
        ),
        None if missed > 0 => format!("no scheduler runs, and nothing ran in its place{slots}"),
        None => return None,
    };
    Some(StatusProblem {
        code: "no_scheduler",
        message,
        hint: Some("orchestrate serve".to_owned()),
    })
}

/// Runs that no worker takes, as long as nobody does something: one line for each reason.
pub(crate) fn stuck_runs(queued: &[QueuedLine]) -> Vec<StatusProblem> {
    let mut reasons: BTreeMap<&str, Vec<&QueuedLine>> = BTreeMap::new();
    for line in queued.iter().filter(|line| line.is_stuck) {
        reasons.entry(&line.waits).or_default().push(line);
    }
    let problem = |(reason, lines): (&str, Vec<&QueuedLine>)| StatusProblem {
        code: "no_worker",
        message: match lines[..] {
            [line] => format!("run {} waits: {reason}", line.run),
            _ => format!("{} runs wait: {reason}", lines.len()),
        },
        hint: Some("orchestrate workers".to_owned()),
    };
    reasons.into_iter().map(problem).collect()
}

/// What schedulers say of the file and of releases.
pub(crate) fn complaints(schedulers: &[(Heartbeat, SchedulerRole)]) -> Vec<StatusProblem> {
    let schedule = |heartbeat: &Heartbeat| {
        let error = heartbeat.schedule_error.as_ref()?;
        Some(StatusProblem {
            code: "schedule_not_in_force",
            message: format!(
                "the scheduler cannot use {} as it is now and keeps the timetable that it had: {}",
                heartbeat.schedule_file,
                first_of(error)
            ),
            hint: Some("orchestrate check".to_owned()),
        })
    };
    let release = |heartbeat: &Heartbeat| {
        let error = heartbeat.release_error.as_ref()?;
        Some(StatusProblem {
            code: "release_unknown",
            message: format!("nobody can tell whether there is a new release: {error}"),
            hint: Some("orchestrate release check".to_owned()),
        })
    };
    let each = schedulers.iter().map(|(heartbeat, _)| heartbeat);
    each.flat_map(|heartbeat| [schedule(heartbeat), release(heartbeat)])
        .flatten()
        .collect()
}

/// The first line of several, with how many there are more.
fn first_of(error: &str) -> String {
    let mut lines = error.lines();
    let first = lines.next().unwrap_or_default();
    match lines.count() {
        0 => first.to_owned(),
        more => format!("{first} (and {more} more)"),
    }
}

/// Who reads what somebody writes only later in the night.
pub(crate) fn early(schedule: &Schedule, edges: &[Edge]) -> Vec<StatusProblem> {
    let problem = |early: EarlyRead| StatusProblem {
        code: "reads_before_written",
        message: early.message(),
        hint: Some(early.hint()),
    };
    early_reads(schedule, edges).into_iter().map(problem).collect()
}

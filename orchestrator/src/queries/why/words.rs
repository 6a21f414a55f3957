//! The paragraph that `why` answers with. Pure: facts in, words out.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::SkipCause;
use crate::queries::status::words::long_time;
use crate::queries::why::facts::WhyFacts;
use crate::store::LedgerState;
use crate::text::human_duration;

/// A slot is given so long to begin before it counts as passed over.
const BEGINNING: SignedDuration = SignedDuration::from_mins(1);

/// Rule, last slot, last run, next slot, hint.
pub(crate) fn words(facts: &WhyFacts, now: Timestamp, zone: &TimeZone) -> String {
    let words = Words { facts, now, zone };
    let mut sentences = vec![rule(facts)];
    sentences.extend(words.pause());
    sentences.extend(words.queue());
    let slot = words.slot();
    let told = slot.is_some();
    sentences.extend(slot);
    sentences.extend(words.last(told));
    sentences.extend(words.last_success());
    sentences.extend(words.next());
    sentences.extend(facts.hint.as_deref().filter(|_| words.failed()).map(hint));
    sentences.join(" ")
}

fn hint(hint: &str) -> String {
    let end = if hint.ends_with('.') { "" } else { "." };
    format!("Hint: {hint}{end}")
}

fn rule(facts: &WhyFacts) -> String {
    let name = format!("{}/{}", facts.group, facts.name);
    match (&facts.rule, facts.scheduled, facts.enabled) {
        (Some(rule), _, true) => format!("{name} {rule}."),
        (Some(rule), ..) => {
            format!(
                "{name} is disabled in the schedule (enabled: false) and runs only by hand; otherwise it {rule}."
            )
        }
        (None, ..) => format!("{name} is not in the schedule, so nothing runs it by itself."),
    }
}

struct Words<'a> {
    facts: &'a WhyFacts,
    now: Timestamp,
    zone: &'a TimeZone,
}

impl Words<'_> {
    fn pause(&self) -> Option<String> {
        let group = &self.facts.group;
        let since = self.time(self.facts.paused_since?);
        Some(format!(
            "Group {group} is paused since {since}: its slots are skipped until orchestrate resume {group}."
        ))
    }

    fn queue(&self) -> Option<String> {
        let queued = self.facts.queued.as_ref()?;
        Some(format!("Run {} of it is {}.", queued.run, queued.waits))
    }

    /// What became of its last slot, where that is more than its last run tells.
    fn slot(&self) -> Option<String> {
        let facts = self.facts;
        let slot = facts.previous?;
        if let Some(row) = &facts.ledger {
            let cause = row.cause.as_deref().unwrap_or("no reason is recorded");
            let is_told = facts.paused_since.is_some() && SkipCause::of_reason(cause) == SkipCause::Paused;
            return match row.state {
                LedgerState::Skipped | LedgerState::Missed | LedgerState::Unknown if !is_told => Some(
                    format!("Its slot of {} was {}: {cause}.", self.time(slot), row.state),
                ),
                _ => None,
            };
        }
        let ran_since = facts.last.as_ref().is_some_and(|last| last.started_at >= slot);
        let passed = self.now.duration_since(slot) > BEGINNING;
        // Of what was never run nobody knows whether it was in the schedule then.
        (passed && !ran_since && facts.enabled && facts.last.is_some()).then(|| {
            format!(
                "Its slot of {} has passed and no run since then is recorded: nothing ran it, \
                 neither a scheduler nor anybody by hand.",
                self.time(slot)
            )
        })
    }

    /// How it went in its last run; nothing where its slot was told and that is the same.
    fn last(&self, slot_is_told: bool) -> Option<String> {
        let Some(last) = &self.facts.last else {
            return Some("No run of it is recorded.".to_owned());
        };
        let row = self.facts.ledger.as_ref().filter(|_| slot_is_told);
        let is_same = row.is_some_and(|row| row.run.as_ref() == Some(&last.run));
        if is_same && matches!(last.outcome.as_str(), "skipped" | "lost") {
            return None;
        }
        let run = format!("run {} of {}", last.run, self.time(last.started_at));
        let reason = &last.reason;
        Some(match last.outcome.as_str() {
            "running" => format!(
                "It is running now, in {run}, for {}.",
                span(self.now.duration_since(last.started_at))
            ),
            "pending" => format!("It waits for its turn in {run}."),
            "succeeded" => match &last.suspect {
                Some(why) => format!("It last ran in {run} and succeeded, but is suspect: {why}."),
                None => format!("It last ran in {run} and succeeded."),
            },
            "skipped" => format!("In {run} it was skipped: {reason}."),
            "lost" => format!("How it ended in {run} is not known: {reason}."),
            "not_started" => format!("In {run} it could not be started: {reason}."),
            outcome => format!(
                "It last ran in {run} and {}{}: {reason}.",
                match outcome {
                    "timed_out" => "ran out of time",
                    "cancelled" => "was cancelled",
                    _ => "failed",
                },
                match self.facts.attempts {
                    Some(tried) if tried > 1 => format!(" after {tried} attempts"),
                    _ => String::new(),
                }
            ),
        })
    }

    /// Whether its last run was no success.
    fn failed(&self) -> bool {
        let outcome = self.facts.last.as_ref().map(|last| last.outcome.as_str());
        let well = ["succeeded", "running", "pending", "skipped"];
        outcome.is_some_and(|outcome| !well.contains(&outcome))
    }

    /// Where its last run was none.
    fn last_success(&self) -> Option<String> {
        let last = self.facts.last.as_ref()?;
        if last.outcome == "succeeded" {
            return None;
        }
        Some(match self.facts.last_success {
            Some(at) => format!("Its last success was on {}.", self.time(at)),
            None => "It has never succeeded.".to_owned(),
        })
    }

    fn next(&self) -> Option<String> {
        match self.facts.next {
            Some(next) => Some(format!(
                "Its next slot is {}, in {}.",
                self.time(next),
                span(next.duration_since(self.now))
            )),
            None if self.facts.scheduled && self.facts.enabled => Some("It has no next slot.".to_owned()),
            None => None,
        }
    }

    fn time(&self, at: Timestamp) -> String {
        long_time(at, self.zone)
    }
}

fn span(span: SignedDuration) -> String {
    let seconds = Duration::from_secs(Duration::try_from(span).unwrap_or_default().as_secs());
    match seconds.as_secs() / 86_400 {
        0 => human_duration(seconds),
        days => format!(
            "{days} d {}",
            human_duration(seconds - Duration::from_secs(days * 86_400))
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunId;
    use crate::queries::why::facts::WhyQueued;
    use crate::store::{LastOutcome, LedgerRow};

    fn at(time: &str) -> Timestamp {
        format!("2026-11-{time}:00Z").parse().unwrap()
    }

    fn last(outcome: &str, reason: &str) -> Option<LastOutcome> {
        Some(LastOutcome {
            group: "github".into(),
            name: "run_x".into(),
            command: "run_x".into(),
            args: Vec::new(),
            run: RunId::new("20261125-041000-3fa9c1"),
            started_at: at("25T04:10"),
            outcome: outcome.into(),
            reason: reason.into(),
            suspect: None,
        })
    }

    fn facts() -> WhyFacts {
        WhyFacts {
            group: "github".into(),
            name: "run_x".into(),
            command: "run_x".into(),
            args: Vec::new(),
            scheduled: true,
            enabled: true,
            rule: Some("is due every day at 04:10 UTC".into()),
            previous: Some(at("25T04:10")),
            next: Some(at("26T04:10")),
            last: None,
            attempts: None,
            hint: None,
            last_success: None,
            command_line: None,
            ledger: None,
            paused_since: None,
            queued: None,
        }
    }

    fn said(change: impl FnOnce(&mut WhyFacts)) -> String {
        let mut facts = facts();
        change(&mut facts);
        words(&facts, at("25T10:00"), &TimeZone::UTC)
    }

    const NEXT: &str = " Its next slot is 2026-11-26 04:10Z, in 18h 10m.";
    const RUN: &str = "run 20261125-041000-3fa9c1 of 2026-11-25 04:10Z";

    #[test]
    fn the_last_run_is_told_with_its_cause() {
        for (outcome, reason, told) in [
            (
                "succeeded",
                "exited with code 0",
                format!("It last ran in {RUN} and succeeded."),
            ),
            (
                "failed",
                "exited with code 3",
                format!("It last ran in {RUN} and failed: exited with code 3."),
            ),
            (
                "timed_out",
                "timed out after 1h",
                format!("It last ran in {RUN} and ran out of time: timed out after 1h."),
            ),
            (
                "skipped",
                "stopped after run_w exited with code 3",
                format!("In {RUN} it was skipped: stopped after run_w exited with code 3."),
            ),
            (
                "lost",
                "killed",
                format!("How it ended in {RUN} is not known: killed."),
            ),
            ("running", "", format!("It is running now, in {RUN}, for 5h 50m.")),
            ("pending", "", format!("It waits for its turn in {RUN}.")),
        ] {
            let success = match outcome {
                "succeeded" => "",
                _ => " Its last success was on 2026-11-24 04:10Z.",
            };
            let said = said(|facts| {
                facts.last = last(outcome, reason);
                facts.last_success = Some(at("24T04:10"));
            });
            assert_eq!(
                said,
                format!("github/run_x is due every day at 04:10 UTC. {told}{success}{NEXT}")
            );
        }
    }

    #[test]
    fn a_failure_has_its_attempts_and_hint() {
        let said = said(|facts| {
            facts.last = last("failed", "exited with code 75 (temporary)");
            facts.attempts = Some(3);
            facts.hint = Some("try again later".into());
        });
        assert_eq!(
            said,
            format!(
                "github/run_x is due every day at 04:10 UTC. It last ran in {RUN} and failed after 3 attempts: \
                 exited with code 75 (temporary). It has never succeeded.{NEXT} Hint: try again later."
            )
        );
    }

    #[test]
    fn nothing_is_said_twice() {
        let row = |cause: &str| LedgerRow {
            entry: "group:github".into(),
            slot: at("25T04:10"),
            group: "github".into(),
            name: "run_x".into(),
            state: LedgerState::Skipped,
            cause: Some(cause.into()),
            run: Some(RunId::new("20261125-041000-3fa9c1")),
        };
        let skipped = said(|facts| {
            facts.last = last("skipped", "stopped after run_w exited with code 3");
            facts.ledger = Some(row("stopped after run_w exited with code 3"));
        });
        assert_eq!(skipped.matches("stopped after run_w").count(), 1, "{skipped}");
        let paused = said(|facts| {
            facts.paused_since = Some(at("25T03:00"));
            facts.ledger = Some(row("group github is paused since 2026-11-25T03:00:00Z"));
        });
        assert_eq!(paused.matches("paused since").count(), 1, "{paused}");
    }

    #[test]
    fn a_slot_that_nobody_ran_is_told() {
        let missed = "Its slot of 2026-11-25 04:10Z has passed and no run since then is recorded: nothing ran it, \
                      neither a scheduler nor anybody by hand.";
        let a_day_before = |facts: &mut WhyFacts| {
            facts.last = last("succeeded", "").map(|last| LastOutcome {
                started_at: at("24T04:10"),
                ..last
            });
        };
        assert!(said(a_day_before).contains(missed), "{}", said(a_day_before));
        // It may be new in the file: a slot before its time is nobody's fault.
        assert_eq!(
            said(|_| {}),
            format!("github/run_x is due every day at 04:10 UTC. No run of it is recorded.{NEXT}")
        );
        let recorded = said(|facts| {
            facts.ledger = Some(LedgerRow {
                entry: "group:github".into(),
                slot: at("25T04:10"),
                group: "github".into(),
                name: "run_x".into(),
                state: LedgerState::Missed,
                cause: Some("no scheduler was running".into()),
                run: None,
            });
        });
        assert!(
            recorded.contains("Its slot of 2026-11-25 04:10Z was missed: no scheduler was running."),
            "{recorded}"
        );
    }

    #[test]
    fn a_pause_is_told() {
        let paused = said(|facts| facts.paused_since = Some(at("25T03:00")));
        let told = "Group github is paused since 2026-11-25 03:00Z: its slots are skipped until \
                    orchestrate resume github.";
        assert!(paused.contains(told), "{paused}");
    }

    #[test]
    fn what_nothing_runs_says_so() {
        let disabled = said(|facts| {
            facts.enabled = false;
            facts.next = None;
        });
        assert_eq!(
            disabled,
            "github/run_x is disabled in the schedule (enabled: false) and runs only by hand; otherwise it is due \
             every day at 04:10 UTC. No run of it is recorded."
        );
        let gone = said(|facts| {
            facts.scheduled = false;
            facts.enabled = false;
            facts.rule = None;
            facts.previous = None;
            facts.next = None;
            facts.last = last("succeeded", "");
        });
        assert_eq!(
            gone,
            format!(
                "github/run_x is not in the schedule, so nothing runs it by itself. It last ran in {RUN} and succeeded."
            )
        );
    }

    #[test]
    fn what_no_worker_has_taken_is_said_with_its_reason() {
        let mut facts = facts();
        facts.queued = Some(WhyQueued {
            run: RunId::new("20261125-041000-3fa9c1"),
            waits: "in the queue for 5m 00s: there is no worker".to_owned(),
        });
        let said = words(&facts, Timestamp::UNIX_EPOCH, &TimeZone::UTC);
        let expected = "Run 20261125-041000-3fa9c1 of it is in the queue for 5m 00s: there is no worker.";
        assert!(said.contains(expected), "{said}");
    }
}

//! What of a run's journal is to be recorded: all of it while the claim is held. Once that is let go, what
//! had ended well before still counts; the rest is about our own ending, and whoever has the run
//! next tells it. Pure.

use std::sync::Arc;

use crate::events::RunEvent;
use crate::fleet::protocol::Sequence;
use crate::model::{OutcomeKind, TaskStatus};

/// Events, numbered over all workers of the run.
pub(super) type NumberedEvents = Vec<(u64, Arc<RunEvent>)>;

/// The events of one claim on their way into the record.
#[derive(Debug, Default)]
pub(super) struct JournalFeed {
    pending: NumberedEvents,
    /// The newest that came, whether it counts or not.
    reached: u64,
    /// The newest that was told to the protocol.
    told: u64,
    is_let_go: bool,
    is_cut: bool,
    is_complete: bool,
    has_open_attempt: bool,
}

impl JournalFeed {
    /// Behind what is recorded already.
    pub(super) fn after(recorded: u64) -> Self {
        Self {
            reached: recorded,
            told: recorded,
            ..Self::default()
        }
    }

    /// Takes the next event. Whether it says that no tree is left of an attempt.
    pub(super) fn take(&mut self, number: u64, event: Arc<RunEvent>) -> bool {
        self.reached = number;
        let is_end = matches!(*event, RunEvent::TaskFinished { .. } | RunEvent::TaskRetry { .. });
        self.is_cut |= self.is_let_go && !still_counts(&event);
        if !self.is_cut {
            self.has_open_attempt &= !is_end;
            self.is_complete = matches!(*event, RunEvent::RunFinished(_));
            self.pending.push((number, event));
        }
        is_end
    }

    /// An attempt is started.
    pub(super) fn start(&mut self) {
        self.has_open_attempt = true;
    }

    /// From now on only what had ended well before counts.
    pub(super) fn let_go(&mut self) {
        self.is_let_go = true;
    }

    /// Whether everything up to this event has come.
    pub(super) fn has_reached(&self, number: u64) -> bool {
        self.reached >= number
    }

    /// Whether the run has its end, and that counts.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether an attempt was started whose end does not count or has not come.
    pub(super) fn has_open_attempt(&self) -> bool {
        self.has_open_attempt
    }

    /// Whether more will come in this very moment: after the end of a task either the next one
    /// begins, or the run ends.
    pub(super) fn expects_more(&self) -> bool {
        !self.is_cut
            && matches!(
                self.pending.last().map(|(_, event)| &**event),
                Some(RunEvent::TaskFinished { .. } | RunEvent::TaskSkipped { .. })
            )
    }

    /// The newest event, if the protocol is to be told of it. The end of the run is not told: with it
    /// everything is recorded.
    pub(super) fn tell(&mut self) -> Option<Sequence> {
        let (newest, _) = self.pending.last().filter(|_| !self.is_complete)?;
        let is_new = *newest > self.told;
        self.told = *newest;
        is_new.then_some(Sequence(self.told))
    }

    /// What is not recorded yet, up to there; all of it without a limit.
    pub(super) fn up_to(&self, limit: Option<Sequence>) -> NumberedEvents {
        let is_within = |number: u64| limit.is_none_or(|limit| number <= limit.0);
        let events = self.pending.iter().filter(|(number, _)| is_within(*number));
        events.cloned().collect()
    }

    /// It is recorded up to there.
    pub(super) fn forget(&mut self, upto: Sequence) {
        self.pending.retain(|(number, _)| *number > upto.0);
    }
}

fn still_counts(event: &RunEvent) -> bool {
    match event {
        RunEvent::TaskFinished { task, .. } => task.outcome == TaskStatus::Succeeded,
        RunEvent::TaskRetry { attempt, .. } => attempt.outcome != OutcomeKind::Cancelled,
        RunEvent::RunStarted { .. }
        | RunEvent::TaskStarted { .. }
        | RunEvent::TaskSkipped { .. }
        | RunEvent::RunFinished(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::events::{AttemptRecord, TaskRef, TaskSummary};

    fn started(attempt: u32) -> Arc<RunEvent> {
        Arc::new(RunEvent::TaskStarted {
            task: TaskRef {
                position: 1,
                group: "g".into(),
                name: "a".into(),
                command: "a".into(),
            },
            attempt,
            at: Timestamp::UNIX_EPOCH,
            timeout_ms: None,
            usual_ms: None,
            log: String::new(),
        })
    }

    fn finished(outcome: &str) -> Arc<RunEvent> {
        let summary = serde_json::json!({
            "position": 1, "group": "g", "name": "a", "command": "a", "args": [], "outcome": outcome,
            "exit_code": null, "signal": null, "reason": "", "category": null, "hint": null,
            "attempts": 1, "duration_ms": 0, "max_rss_bytes": 0, "cpu_ms": 0, "stdout_bytes": 0,
            "stderr_bytes": 0, "lines": 0, "truncated": false, "leaked": false, "records": null,
            "log": null,
        });
        let task: TaskSummary = serde_json::from_value(summary).unwrap();
        let last_attempt = AttemptRecord {
            number: 1,
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: Timestamp::UNIX_EPOCH,
            outcome: OutcomeKind::parse(outcome).unwrap(),
            exit_code: None,
            signal: None,
            reason: String::new(),
            log: String::new(),
            isolation: None,
            timeout_ms: None,
            max_rss_bytes: None,
            cpu_ms: None,
            leftovers: Vec::new(),
        };
        Arc::new(RunEvent::TaskFinished {
            at: Timestamp::UNIX_EPOCH,
            task: Box::new(task),
            last_attempt,
        })
    }

    #[test]
    fn events_are_told_once_and_kept_until_they_are_recorded() {
        let mut feed = JournalFeed::after(4);
        assert!(feed.has_reached(4) && !feed.has_reached(5));
        assert!(!feed.take(5, started(1)));
        assert_eq!(feed.tell(), Some(Sequence(5)));
        assert_eq!(feed.tell(), None);
        assert!(!feed.expects_more());
        assert!(feed.take(6, finished("succeeded")));
        assert!(feed.expects_more(), "either the next one, or the end of the run");
        assert_eq!(feed.up_to(Some(Sequence(5))).len(), 1);
        feed.forget(Sequence(5));
        assert_eq!(feed.up_to(None).len(), 1);
    }

    #[test]
    fn what_ended_well_before_the_claim_was_let_go_still_counts_and_our_own_ending_does_not() {
        let mut feed = JournalFeed::after(0);
        feed.take(1, started(1));
        feed.start();
        feed.let_go();
        assert!(feed.take(2, finished("succeeded")));
        assert!(!feed.has_open_attempt());
        assert_eq!(feed.tell(), Some(Sequence(2)));
        assert!(!feed.take(3, started(1)), "that never ran");
        assert!(feed.take(4, finished("succeeded")), "nothing counts behind a gap");
        assert_eq!((feed.tell(), feed.up_to(None).len()), (None, 2));

        let mut ended = JournalFeed::after(0);
        ended.take(1, started(1));
        ended.start();
        ended.let_go();
        assert!(ended.take(2, finished("cancelled")), "its tree is gone");
        assert!(ended.has_open_attempt() && !ended.is_complete());
        assert_eq!(ended.up_to(None).len(), 1);
    }
}

//! The one table of what may become of what is remembered. Pure.
//!
//! A statement that makes or ends single rows names its [`StateChange`]: it holds only for
//! rows in the state that the change leads from, and must hit as many as were meant. What
//! gives a whole run up, or takes that back (`recovery`), changes whichever rows are in
//! that state and names none. The triggers of migration 0004 refuse the worst to whoever
//! writes without us; tests walk the table on both databases.

use std::fmt;

/// What a row says of its thing. The words of the database are in its migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowState {
    /// A run without an end.
    RunGoesOn,
    /// A run that told its end itself.
    RunFinished,
    /// A run that was given up, because nobody is left who could tell its end.
    RunLost,
    /// A task without an end.
    TaskOpen,
    /// A task that was tried and whose end somebody saw.
    TaskEnded,
    /// A task that was not run, or lost with its run.
    TaskGivenUp,
    /// An attempt without an end.
    AttemptOpen,
    /// An attempt whose end somebody saw.
    AttemptEnded,
    /// An attempt that was lost with its run.
    AttemptLost,
    /// A task at a slot that is to run.
    SlotDue,
    /// An attempt of it has ended in the run of the slot, however.
    SlotRan,
    /// It was not run at its slot, for a known cause.
    SlotSkipped,
    /// Nobody ran the slot.
    SlotMissed,
    /// Whether it ran at its slot, nobody can tell.
    SlotUnknown,
}

impl RowState {
    /// Every state, by the thing whose state it is.
    pub const ALL: [&'static [Self]; 4] = [
        &[Self::RunGoesOn, Self::RunFinished, Self::RunLost],
        &[Self::TaskOpen, Self::TaskEnded, Self::TaskGivenUp],
        &[Self::AttemptOpen, Self::AttemptEnded, Self::AttemptLost],
        &[
            Self::SlotDue,
            Self::SlotRan,
            Self::SlotSkipped,
            Self::SlotMissed,
            Self::SlotUnknown,
        ],
    ];
}

/// A change of state. There are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateChange {
    /// A run begins.
    StartRun,
    /// It tells its end.
    FinishRun,
    /// It is given up: its process is gone.
    LoseRun,
    /// Its journal turned up and knows more.
    ReopenRun,
    /// A task is part of a run's plan.
    PlanTask,
    /// It was tried, and this is its end.
    EndTask,
    /// It was not run, or lost with its run.
    GiveUpTask,
    /// That was an assumption, and it is taken back.
    ReopenTask,
    /// An attempt is about to start.
    StartAttempt,
    /// Its process is gone, and how is known.
    EndAttempt,
    /// It was lost with its run.
    LoseAttempt,
    /// That was an assumption, and it is taken back.
    ReopenAttempt,
    /// A task is due at a slot.
    PlanSlot,
    /// It ran.
    RunSlot,
    /// It is known that it did not run.
    SkipSlot,
    /// Nobody ran the slot.
    MissSlot,
    /// Nobody knows.
    LoseSlot,
    /// Nobody knew, or it seemed not to have run, and now its run's journal turned up.
    ReopenSlot,
}

impl StateChange {
    /// The table: every change, the state it leads from (`None`: there was no row), and
    /// the state it leads to.
    pub const TABLE: [(Self, Option<RowState>, RowState); 22] = {
        use RowState::{
            AttemptEnded, AttemptLost, AttemptOpen, RunFinished, RunGoesOn, RunLost, SlotDue, SlotMissed,
            SlotRan, SlotSkipped, SlotUnknown, TaskEnded, TaskGivenUp, TaskOpen,
        };
        [
            (Self::StartRun, None, RunGoesOn),
            (Self::FinishRun, Some(RunGoesOn), RunFinished),
            (Self::LoseRun, Some(RunGoesOn), RunLost),
            (Self::ReopenRun, Some(RunLost), RunGoesOn),
            (Self::PlanTask, None, TaskOpen),
            (Self::EndTask, Some(TaskOpen), TaskEnded),
            (Self::GiveUpTask, Some(TaskOpen), TaskGivenUp),
            (Self::ReopenTask, Some(TaskGivenUp), TaskOpen),
            (Self::StartAttempt, None, AttemptOpen),
            (Self::EndAttempt, Some(AttemptOpen), AttemptEnded),
            (Self::LoseAttempt, Some(AttemptOpen), AttemptLost),
            (Self::ReopenAttempt, Some(AttemptLost), AttemptOpen),
            (Self::PlanSlot, None, SlotDue),
            (Self::RunSlot, Some(SlotDue), SlotRan),
            (Self::SkipSlot, Some(SlotDue), SlotSkipped),
            (Self::SkipSlot, None, SlotSkipped),
            (Self::MissSlot, None, SlotMissed),
            (Self::MissSlot, Some(SlotDue), SlotMissed),
            (Self::LoseSlot, Some(SlotDue), SlotUnknown),
            (Self::ReopenSlot, Some(SlotUnknown), SlotDue),
            (Self::ReopenSlot, Some(SlotSkipped), SlotDue),
            (Self::ReopenSlot, Some(SlotMissed), SlotDue),
        ]
    };

    /// Whether anything leads from one state to the other.
    pub fn leads(from: RowState, to: RowState) -> bool {
        Self::TABLE
            .iter()
            .any(|&(_, before, after)| before == Some(from) && after == to)
    }
}

impl fmt::Display for StateChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartRun => "starting a run",
            Self::FinishRun => "finishing a run",
            Self::LoseRun => "giving a run up",
            Self::ReopenRun => "reopening a run",
            Self::PlanTask => "planning a task",
            Self::EndTask => "ending a task",
            Self::GiveUpTask => "giving a task up",
            Self::ReopenTask => "reopening a task",
            Self::StartAttempt => "starting an attempt",
            Self::EndAttempt => "ending an attempt",
            Self::LoseAttempt => "giving an attempt up",
            Self::ReopenAttempt => "reopening an attempt",
            Self::PlanSlot => "planning a task at a slot",
            Self::RunSlot => "noting that a task ran at its slot",
            Self::SkipSlot => "skipping a task at its slot",
            Self::MissSlot => "missing a task at its slot",
            Self::LoseSlot => "giving up a task at its slot",
            Self::ReopenSlot => "reopening a task at its slot",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_consistent() {
        for (change, from, to) in StateChange::TABLE {
            let things = RowState::ALL.iter().filter(|states| states.contains(&to));
            assert_eq!(things.clone().count(), 1, "{to:?} is a state of one thing");
            let same = from.is_none_or(|from| things.clone().any(|states| states.contains(&from)));
            assert!(same, "{change:?} makes one thing another");
            assert_ne!(from, Some(to), "{change:?} changes nothing");
        }
        // What somebody saw is never taken back.
        for sure in [
            RowState::RunFinished,
            RowState::TaskEnded,
            RowState::AttemptEnded,
            RowState::SlotRan,
        ] {
            let all = RowState::ALL.iter().copied().flatten();
            assert!(
                all.copied().all(|other| !StateChange::leads(sure, other)),
                "{sure:?} is no end"
            );
        }
        // What is open can end, and what was assumed can be taken back.
        for from in [
            RowState::RunGoesOn,
            RowState::RunLost,
            RowState::TaskOpen,
            RowState::TaskGivenUp,
            RowState::AttemptOpen,
            RowState::AttemptLost,
            RowState::SlotDue,
            RowState::SlotUnknown,
            RowState::SlotMissed,
        ] {
            assert!(
                StateChange::TABLE
                    .iter()
                    .any(|(_, before, _)| *before == Some(from)),
                "{from:?} is a dead end"
            );
        }
    }
}

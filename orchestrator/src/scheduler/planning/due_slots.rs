//! What a moment means for a timetable: which slots have come, and what is to become of
//! each. Pure: the loop around it brings the time and does what is said here.
//!
//! Every slot after the one that an entry has settled last, up to now, gets one verdict,
//! in order, and is settled by that. So no slot comes twice and none is left out, however
//! long the process slept and whichever way a clock was set: a clock that goes back finds
//! nothing new until it has caught up (unless the loop asks anew what is settled).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::{CatchUp, CatchUpMode, Entry};
use crate::scheduler::planning::jitter::delay;
use crate::text::counted;

/// A slot that is this old is not caught up, it starts on time: schedulers take over
/// from each other, and machines are slow at times.
pub(crate) const ON_TIME: SignedDuration = SignedDuration::from_secs(60);

/// After a long absence only so many of an entry's slots get a verdict each; those before
/// share one. A year of an entry of each minute would be half a million.
pub(crate) const KEPT: usize = 1000;

/// What is to become of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SlotVerdict {
    /// It is to be queued and claimed.
    Run,
    /// Nothing is due at it.
    Idle,
    /// It passed while nobody was there, and does not run late, for this reason.
    Missed(String),
}

/// The slots of an entry that have come, each with its verdict, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    /// Which entry of the timetable.
    pub(crate) entry: usize,
    /// Oldest first.
    pub(crate) slots: Vec<(Timestamp, SlotVerdict)>,
}

/// Where each entry of a timetable stands.
pub(crate) struct Timeline<'t, 'a> {
    timetable: &'t [Entry<'a>],
    lines: Vec<Line>,
    /// When each entry has something to start next; one that is not here never has.
    upcoming: BinaryHeap<Reverse<(Timestamp, usize)>>,
}

struct Line {
    /// The first slot that is not settled; `None` if there is none.
    next: Option<Timestamp>,
    delay: Duration,
}

impl<'t, 'a> Timeline<'t, 'a> {
    /// `settled` says for each entry up to when its slots are settled.
    pub(crate) fn new(timetable: &'t [Entry<'a>], settled: impl IntoIterator<Item = Timestamp>) -> Self {
        let lines: Vec<Line> = timetable
            .iter()
            .zip(settled)
            .map(|(entry, settled)| Line {
                next: entry.next_after(settled),
                delay: delay(entry),
            })
            .collect();
        let mut timeline = Self {
            timetable,
            lines,
            upcoming: BinaryHeap::new(),
        };
        for index in 0..timeline.lines.len() {
            timeline.look_ahead(index);
        }
        timeline
    }

    /// When there will be something to say next; `None` for never.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.upcoming.peek().map(|Reverse((at, _))| *at)
    }

    /// What has come up to `now`, in order of time and of the timetable. The work grows
    /// with that, not with the timetable.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Vec<Due> {
        let mut found = Vec::new();
        while let Some(&Reverse((at, index))) = self.upcoming.peek() {
            if at > now {
                break;
            }
            self.upcoming.pop();
            let slots = self.passed(index, now);
            if !slots.is_empty() {
                found.push(Due { entry: index, slots });
            }
            self.look_ahead(index);
        }
        found
    }

    fn look_ahead(&mut self, index: usize) {
        let line = &self.lines[index];
        let due_at = line.next.and_then(|slot| slot.checked_add(line.delay).ok());
        if let Some(at) = due_at {
            self.upcoming.push(Reverse((at, index)));
        }
    }

    /// The slots of an entry up to now, which are settled by that.
    fn passed(&mut self, index: usize, now: Timestamp) -> Vec<(Timestamp, SlotVerdict)> {
        let (entry, line) = (&self.timetable[index], &mut self.lines[index]);
        let horizon = now.checked_sub(line.delay).unwrap_or(Timestamp::MIN);
        let mut slots = VecDeque::new();
        let (mut first, mut older) = (None, 0_usize);
        while let Some(slot) = line.next.filter(|&slot| slot <= horizon) {
            line.next = entry.next_after(slot);
            first.get_or_insert(slot);
            slots.push_back(slot);
            // One more than is judged: the newest of the older ones stands for them all.
            if slots.len() > KEPT + 1 {
                slots.pop_front();
                older += 1;
            }
        }
        let shared = (slots.len() > KEPT).then(|| slots.pop_front()).flatten();
        let mut judged = Vec::with_capacity(slots.len() + 1);
        if let (Some(shared), Some(first)) = (shared, first) {
            let reason = format!(
                "no scheduler ran for a long time; this stands for {} from {first} on",
                counted(older + 1, "slot")
            );
            judged.push((shared, SlotVerdict::Missed(reason)));
        }
        judged.extend(judge(entry, slots.into(), horizon));
        judged
    }
}

/// The verdict on each of an entry's slots, the newest of which has just come or is late.
fn judge(entry: &Entry<'_>, slots: Vec<Timestamp>, now: Timestamp) -> Vec<(Timestamp, SlotVerdict)> {
    let default = CatchUp::default();
    // A release check sees what all before it would have seen.
    let group = entry.group().filter(|_| !entry.is_release_check());
    let catch_up = group.map_or(&default, |group| &group.catch_up);
    let due: Vec<bool> = slots.iter().map(|&slot| !entry.due(slot).is_empty()).collect();
    let newest = slots
        .iter()
        .zip(&due)
        .rev()
        .find(|(_, due)| **due)
        .map(|(slot, _)| *slot);
    let verdict = |(slot, due): (Timestamp, bool)| {
        let verdict = if due {
            judge_one(catch_up, slot, newest, now)
        } else {
            SlotVerdict::Idle
        };
        (slot, verdict)
    };
    slots.into_iter().zip(due).map(verdict).collect()
}

fn judge_one(catch_up: &CatchUp, slot: Timestamp, newest: Option<Timestamp>, now: Timestamp) -> SlotVerdict {
    let age = now.duration_since(slot);
    let on_time = age <= ON_TIME;
    let too_old =
        |max_age: &Duration| age > SignedDuration::try_from(*max_age).unwrap_or(SignedDuration::MAX);
    let missed = |why: String| SlotVerdict::Missed(format!("no scheduler ran then; {why}"));
    match catch_up.mode {
        _ if on_time => SlotVerdict::Run,
        CatchUpMode::None => missed("catch_up is none".to_owned()),
        _ if catch_up.max_age.as_ref().is_some_and(too_old) => missed(format!(
            "it is older than max_age ({})",
            humantime::format_duration(catch_up.max_age.unwrap_or_default())
        )),
        CatchUpMode::Last => match newest.filter(|&newest| newest != slot) {
            Some(newest) => missed(format!("only the last slot is caught up, that of {newest}")),
            None => SlotVerdict::Run,
        },
        CatchUpMode::All => SlotVerdict::Run,
    }
}

#[cfg(test)]
mod tests;

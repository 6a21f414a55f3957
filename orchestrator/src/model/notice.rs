//! What is worth telling somebody. Pure: `judge` compares how a task ended with how it
//! ended before. Asked by `notify` when a run has ended and by the scheduler when a slot
//! begins; who is told is in `channel`.

use std::time::Duration;

use crate::model::words::words;

words! {
    /// Why somebody is told.
    pub enum NoticeKind {
        /// A task has failed, for the first time in a row or for far too many.
        Failure = "failure",
        /// A task succeeded and did not bring what it should.
        Suspect = "suspect",
        /// All is well again.
        Recovery = "recovery",
        /// A slot passed and nobody ran it.
        Missed = "missed",
        /// A slot began later than it should have.
        Late = "late",
        /// A task was skipped, because nobody could tell whether there is a new release.
        ReleaseUnknown = "release_unknown",
        /// A task runs for far longer than it usually does.
        Long = "long",
    }
}

/// How a task ended, as far as somebody has to be told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndKind {
    /// It succeeded.
    Well,
    /// It succeeded, and that is not believed.
    Suspect,
    /// It failed, timed out, could not start, was lost.
    Badly,
}

/// The ends of a task since it last went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Streak {
    /// How many of them were bad.
    pub bad: u64,
    /// How many were suspect.
    pub suspect: u64,
}

/// Something to tell about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// What.
    pub kind: NoticeKind,
    /// How many ends of this kind in a row it is about, this one included; for a
    /// recovery, how many there had been.
    pub in_a_row: u64,
}

/// Whether this end is worth telling to somebody who wants to hear of failures only
/// `after` so many in a row. Repeats are told when their number has doubled: the
/// silence in between is bounded, and each notice says how many it stands for.
pub fn judge(before: Streak, ended: EndKind, after: u64) -> Option<Judged> {
    let after = after.max(1);
    let told = |kind, in_a_row: u64| {
        let due = in_a_row.is_multiple_of(after) && (in_a_row / after).is_power_of_two();
        due.then_some(Judged { kind, in_a_row })
    };
    match ended {
        EndKind::Badly => told(NoticeKind::Failure, before.bad + 1),
        EndKind::Suspect => told(NoticeKind::Suspect, before.suspect + 1),
        EndKind::Well => {
            let was = before.bad.max(before.suspect);
            (was >= after).then_some(Judged {
                kind: NoticeKind::Recovery,
                in_a_row: was,
            })
        }
    }
}

/// How often in a row nobody could tell whether there is a release, this time included, and
/// whether that is worth telling.
pub fn judge_unknown(before: u64) -> Option<Judged> {
    let in_a_row = before.saturating_add(1);
    let kind = NoticeKind::ReleaseUnknown;
    in_a_row.is_power_of_two().then_some(Judged { kind, in_a_row })
}

/// After how long a task that usually takes `usual` is unusually long for somebody who does not
/// care below `at_least`.
pub fn unusually_long(usual: Duration, at_least: Duration) -> Duration {
    usual.saturating_mul(3).max(at_least)
}

/// How often an entry of the timetable has begun late in a row, this time included, after
/// `before` such times, and whether that is worth telling to somebody who thinks it is late
/// from more than `after` on.
pub fn judge_late(before: u64, lag: Duration, after: Duration) -> (u64, bool) {
    if lag <= after {
        return (0, false);
    }
    let in_a_row = before.saturating_add(1);
    (in_a_row, in_a_row.is_power_of_two())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What somebody is told of these ends, in order.
    fn told(after: u64, ends: &[EndKind]) -> Vec<(usize, NoticeKind, u64)> {
        let mut streak = Streak::default();
        let mut told = Vec::new();
        for (index, ended) in ends.iter().enumerate() {
            if let Some(Judged { kind, in_a_row }) = judge(streak, *ended, after) {
                told.push((index, kind, in_a_row));
            }
            match ended {
                EndKind::Well => streak = Streak::default(),
                EndKind::Suspect => streak.suspect += 1,
                EndKind::Badly => streak.bad += 1,
            }
        }
        told
    }

    #[test]
    fn a_change_is_told_and_repeats_when_their_number_doubles() {
        let ends = [[EndKind::Badly; 9].as_slice(), &[EndKind::Well, EndKind::Well]].concat();
        let failure = NoticeKind::Failure;
        assert_eq!(
            told(1, &ends),
            [
                (0, failure, 1),
                (1, failure, 2),
                (3, failure, 4),
                (7, failure, 8),
                (9, NoticeKind::Recovery, 9)
            ]
        );
        assert_eq!(
            told(3, &ends),
            [(2, failure, 3), (5, failure, 6), (9, NoticeKind::Recovery, 9)]
        );
        assert_eq!(told(10, &ends), []);
        assert_eq!(
            told(1, &[EndKind::Well, EndKind::Suspect, EndKind::Well]),
            [(1, NoticeKind::Suspect, 1), (2, NoticeKind::Recovery, 1)]
        );
    }

    #[test]
    fn three_times_the_usual_and_ten_minutes_are_unusually_long() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let long = |usual| unusually_long(minutes(usual), minutes(10));
        assert_eq!([0, 1, 3].map(long), [minutes(10); 3]);
        assert_eq!([4, 60].map(long), [minutes(12), minutes(180)]);
        assert_eq!(unusually_long(Duration::MAX, minutes(10)), Duration::MAX);
    }

    #[test]
    fn unknown_releases_are_told_less_and_less() {
        let told: Vec<u64> = (0..9)
            .filter_map(judge_unknown)
            .map(|judged| judged.in_a_row)
            .collect();
        assert_eq!(told, [1, 2, 4, 8]);
    }

    proptest! {
        /// Whoever has been told of failures is told of their end, and only they are.
        #[test]
        fn every_trouble_that_was_told_has_its_end_told(
            after in 1..5_u64,
            ends in proptest::collection::vec(prop_oneof![Just(EndKind::Well), Just(EndKind::Suspect), Just(EndKind::Badly)], 0..60),
        ) {
            let mut trouble = false;
            let told = told(after, &ends);
            for (index, ended) in ends.iter().enumerate() {
                let kind = told.iter().find(|(at, ..)| *at == index).map(|(_, kind, _)| *kind);
                prop_assert_eq!(kind == Some(NoticeKind::Recovery), *ended == EndKind::Well && trouble);
                trouble = match ended {
                    EndKind::Well => false,
                    _ => trouble || kind.is_some(),
                };
            }
        }
    }
}

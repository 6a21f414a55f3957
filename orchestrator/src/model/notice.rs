//! What is worth telling somebody, and to whom. Pure: `judge` compares how a task
//! ended with how it ended before; channels say what they want to hear.

use std::fmt;
use std::time::Duration;

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeKind {
    /// A task has failed, for the first time in a row or for far too many.
    Failure,
    /// A task succeeded and did not bring what it should.
    Suspect,
    /// All is well again.
    Recovery,
    /// A slot passed and nobody ran it.
    Missed,
    /// A slot began later than it should have.
    Late,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Failure,
        Self::Suspect,
        Self::Recovery,
        Self::Missed,
        Self::Late,
    ];

    /// The word for it in settings and in JSON.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Suspect => "suspect",
            Self::Recovery => "recovery",
            Self::Missed => "missed",
            Self::Late => "late",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.keyword() == word)
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}

/// How a task ended, as far as somebody has to be told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
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
pub fn judge(before: Streak, ended: Ended, after: u64) -> Option<Judged> {
    let after = after.max(1);
    let told = |kind, in_a_row: u64| {
        let due = in_a_row.is_multiple_of(after) && (in_a_row / after).is_power_of_two();
        due.then_some(Judged { kind, in_a_row })
    };
    match ended {
        Ended::Badly => told(NoticeKind::Failure, before.bad + 1),
        Ended::Suspect => told(NoticeKind::Suspect, before.suspect + 1),
        Ended::Well => {
            let was = before.bad.max(before.suspect);
            (was >= after).then_some(Judged {
                kind: NoticeKind::Recovery,
                in_a_row: was,
            })
        }
    }
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

/// Somebody who wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name in the record of deliveries.
    pub name: String,
    /// Where they are.
    pub address: Address,
    /// What they want to hear.
    pub kinds: Vec<NoticeKind>,
    /// After how many failures in a row.
    pub after: u64,
    /// A slot that begins so long after it should is not yet late for them.
    pub late_after: Duration,
}

/// Where notices go. What may be secret is a name of an environment variable, or
/// stands in the settings file only: it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// An HTTP POST.
    Webhook {
        /// Where to.
        url: Secret,
        /// For Slack and what understands its messages, instead of our own JSON.
        slack: bool,
    },
    /// A mail.
    Mail {
        /// Addresses.
        to: Vec<String>,
        /// The sender's address.
        from: String,
        /// `smtp://host:port` or `smtps://host`.
        server: String,
        /// User and password, where the server wants them.
        login: Option<(String, Secret)>,
    },
    /// An executable; it is told by its environment.
    Command(Vec<String>),
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Webhook { .. } => "Webhook",
            Self::Mail { .. } => "Mail",
            Self::Command(_) => "Command",
        })
    }
}

/// A value that nobody shall read.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The value itself.
    Given(String),
    /// The environment variable that has it.
    Variable(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(***)"),
            Self::Variable(name) => write!(f, "Variable({name})"),
        }
    }
}

/// An URL that is asked for as long as all is well, so that its owner notices silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadMan {
    /// What is asked for.
    pub url: Secret,
    /// After which events.
    pub after: Pulse,
}

/// When a dead man's URL is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// After each run that succeeded.
    Run,
    /// While the scheduler ticks, this often.
    Tick(Duration),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What somebody is told of these ends, in order.
    fn told(after: u64, ends: &[Ended]) -> Vec<(usize, NoticeKind, u64)> {
        let mut streak = Streak::default();
        let mut told = Vec::new();
        for (index, ended) in ends.iter().enumerate() {
            if let Some(Judged { kind, in_a_row }) = judge(streak, *ended, after) {
                told.push((index, kind, in_a_row));
            }
            match ended {
                Ended::Well => streak = Streak::default(),
                Ended::Suspect => streak.suspect += 1,
                Ended::Badly => streak.bad += 1,
            }
        }
        told
    }

    #[test]
    fn a_change_is_told_and_repeats_when_their_number_doubles() {
        let ends = [[Ended::Badly; 9].as_slice(), &[Ended::Well, Ended::Well]].concat();
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
            told(1, &[Ended::Well, Ended::Suspect, Ended::Well]),
            [(1, NoticeKind::Suspect, 1), (2, NoticeKind::Recovery, 1)]
        );
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let url = Secret::Given("https://hooks.example/T0/s3cret".to_owned());
        let address = Address::Webhook {
            url: url.clone(),
            slack: true,
        };
        assert!(!format!("{address:?} {url:?}").contains("s3cret"));
    }

    proptest! {
        /// Whoever has been told of failures is told of their end, and only they are.
        #[test]
        fn every_trouble_that_was_told_has_its_end_told(
            after in 1..5_u64,
            ends in proptest::collection::vec(prop_oneof![Just(Ended::Well), Just(Ended::Suspect), Just(Ended::Badly)], 0..60),
        ) {
            let mut trouble = false;
            let told = told(after, &ends);
            for (index, ended) in ends.iter().enumerate() {
                let kind = told.iter().find(|(at, ..)| *at == index).map(|(_, kind, _)| *kind);
                prop_assert_eq!(kind == Some(NoticeKind::Recovery), *ended == Ended::Well && trouble);
                trouble = match ended {
                    Ended::Well => false,
                    _ => trouble || kind.is_some(),
                };
            }
        }
    }
}

//! How many ended how: the tally that filters, the bar of shares, and the nights before.

use crate::queries::status::{NightState, StatusAnswer};
use crate::store::NightTally;
use crate::web::views::links::with_query;
use crate::web::views::look::OutcomeLook;
use crate::web::views::numbers::grouped;

/// The order in which outcomes are told: what is well, what is bad, what did not run.
const ORDER: [&str; 12] = [
    "succeeded",
    "running",
    "failed",
    "not_started",
    "timed_out",
    "cancelled",
    "lost",
    "suspect",
    "missed",
    "skipped",
    "unknown",
    "waiting",
];

/// What is told of a slot that no run has: the list of runs cannot be narrowed by it.
const WITHOUT_A_RUN: [&str; 3] = ["missed", "unknown", "waiting"];

/// One outcome and how often it was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) look: OutcomeLook,
    pub(crate) count: String,
    pub(crate) href: String,
    /// Of the bar of shares, which is [`BAR`] wide: where its part begins and how wide it is.
    pub(crate) x: usize,
    pub(crate) width: usize,
}

/// The width of the bar of shares, and of the gap between two parts.
pub(crate) const BAR: usize = 1000;
const GAP: usize = 4;

/// The outcomes that there were.
pub(crate) fn tally(status: &StatusAnswer) -> Vec<Count> {
    let due: Vec<&str> = status
        .tasks
        .iter()
        .filter(|line| line.state != NightState::NotDue)
        .map(|line| line.word())
        .collect();
    let mut counts = Vec::new();
    let mut x = 0;
    for word in ORDER {
        let count = due.iter().filter(|other| **other == word).count();
        if count == 0 {
            continue;
        }
        let narrowed = (!WITHOUT_A_RUN.contains(&word)).then_some(word);
        counts.push(Count {
            look: OutcomeLook::of(word),
            count: grouped(count as u64),
            href: with_query("/runs", &[("outcome", narrowed)]),
            x: x * BAR / due.len(),
            width: (count * BAR / due.len()).saturating_sub(GAP).max(1),
        });
        x += count;
    }
    counts
}

/// The nights as two lines of bars in a box of `WIDTH` by `HEIGHT`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Nights {
    pub(crate) well: String,
    pub(crate) bad: String,
    pub(crate) width: usize,
    pub(crate) caption: String,
}

const HEIGHT: u64 = 34;

/// The oldest first; the newest is the one that the page is about.
pub(crate) fn nights(nights: &[NightTally]) -> Nights {
    let bad = |night: &NightTally| night.failed + night.suspect;
    let total = |night: &NightTally| bad(night) + night.succeeded;
    let highest = nights.iter().map(total).max().unwrap_or_default().max(1);
    let mut shown = Nights {
        well: String::new(),
        bad: String::new(),
        width: nights.len() * 10,
        caption: String::new(),
    };
    for (place, night) in nights.iter().enumerate() {
        let x = place * 10;
        // Each that there was is seen.
        let height = |count: u64| match count {
            0 => 0,
            count => (count * (HEIGHT - 4) / highest).max(2),
        };
        let (well, bad) = (height(night.succeeded), height(bad(night)));
        let y = HEIGHT - well;
        if well > 0 {
            shown.well.push_str(&format!("M{x} {y}h7v{well}h-7z"));
        }
        if bad > 0 {
            let top = y.saturating_sub(bad + 1);
            shown.bad.push_str(&format!("M{x} {top}h7v{bad}h-7z"));
        }
    }
    shown.caption = match nights {
        [.., before, _] if total(before) > 0 => format!(
            "{} nights; before: {} of {}",
            nights.len(),
            grouped(before.succeeded),
            grouped(total(before) + before.skipped)
        ),
        nights => format!("{} nights", nights.len()),
    };
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_night_is_a_bar_and_each_failure_is_seen() {
        let night = |succeeded, failed| NightTally {
            succeeded,
            failed,
            ..NightTally::default()
        };
        let shown = nights(&[night(0, 0), night(1000, 1), night(500, 0)]);
        assert_eq!(shown.well, "M10 5h7v29h-7zM20 20h7v14h-7z");
        assert_eq!(shown.bad, "M10 2h7v2h-7z");
        assert_eq!(shown.width, 30);
        assert_eq!(shown.caption, "3 nights; before: 1,000 of 1,001");
        assert_eq!(nights(&[]).caption, "0 nights");
    }
}

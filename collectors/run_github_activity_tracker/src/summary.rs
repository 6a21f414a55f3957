//! What is said about each repository, in words with the real numbers.

use collector_kit::{Delivery, grouped, plural};

use crate::records;
use crate::repository::Repository;
use crate::state::State;

/// The lines about one repository: what was new, and what there is in all.
pub(crate) fn repository(repository: &Repository, state: &State, new: u64, new_tags: u64) -> Vec<String> {
    let name = &repository.name;
    let Some(tip) = &repository.tip else {
        return vec![format!("{name}: the repository is empty, it has no commits yet")];
    };
    let short = tip.get(..10).unwrap_or(tip);
    let total = records::total(state);
    let authors = u64::try_from(total.authors.len()).unwrap_or(u64::MAX);
    let days = u64::try_from(state.days.len()).unwrap_or(u64::MAX);
    let mut lines = vec![
        format!(
            "{name}: {} and {} up to {short}",
            plural(new, "new commit", "new commits"),
            plural(new_tags, "new tag", "new tags")
        ),
        format!(
            "{name}: in all {} by {} on {}, +{} -{} lines in {}",
            plural(total.commits + state.undated, "commit", "commits"),
            plural(authors, "author", "authors"),
            plural(days, "day", "days"),
            grouped(total.added),
            grouped(total.removed),
            plural(total.files, "file change", "file changes"),
        ),
    ];
    if !repository.boundary.is_empty() {
        lines.push(format!(
            "{name}: a shallow clone: only the history that is here is counted"
        ));
    }
    if state.undated > 0 {
        lines.push(format!(
            "{name}: {} with an impossible date, in no day",
            plural(state.undated, "commit", "commits")
        ));
    }
    lines
}

/// The line about what was delivered.
pub(crate) fn delivered(delivery: &Delivery<'_>) -> String {
    format!(
        "delivered {}, {}, {}, {}",
        plural(delivery.count(records::DAY), "day", "days"),
        plural(delivery.count(records::TAG), "tag", "tags"),
        plural(delivery.count(records::AUTHOR), "author", "authors"),
        plural(delivery.count(records::REPOSITORY), "repository", "repositories"),
    )
}

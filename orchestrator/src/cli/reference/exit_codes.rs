//! What `orchestrate` exits with, and what it understands of a collector's exit code.

use crate::cli::reference::entry::{ReferenceEntry, Topic};
use crate::cli::shell::exit::VerbExit;
use crate::model::Category;

/// Whose exit codes they are.
pub(crate) const OURS: &str = "orchestrate";
const OF_COLLECTORS: &str = "a collector";

/// The range of sysexits.h.
const NAMED: std::ops::RangeInclusive<i32> = 64..=78;

pub(crate) fn entries() -> Vec<ReferenceEntry> {
    let ours = VerbExit::ALL.into_iter().map(|exit| {
        entry(
            "orchestrate",
            &(exit as u8).to_string(),
            exit.meaning().to_owned(),
        )
    });
    let success = [entry(OF_COLLECTORS, "0", "success".to_owned())];
    let named = NAMED.filter_map(|code| {
        let category = Category::of_code(code);
        (category != Category::Failed).then(|| entry(OF_COLLECTORS, &code.to_string(), of_category(category)))
    });
    let other = [entry(OF_COLLECTORS, "other", of_category(Category::Failed))];
    ours.chain(success).chain(named).chain(other).collect()
}

fn of_category(category: Category) -> String {
    let again = if Category::RETRYABLE.contains(&category) {
        "tried again where `retry` allows"
    } else if category.may_pass() {
        "tried again only where `retry.on` names it"
    } else {
        "never tried again"
    };
    format!("a failure of the kind `{category}`: {again}")
}

fn entry(whose: &str, code: &str, meaning: String) -> ReferenceEntry {
    ReferenceEntry {
        topic: Topic::ExitCodes,
        name: code.to_owned(),
        places: vec![whose.to_owned()],
        kind: "exit code".to_owned(),
        meaning,
        required: false,
        default: None,
        range: None,
        example: None,
    }
}

//! The reference: every key, variable and code with what it means, taken from the tables and types
//! that do the work. `explain` shows it, `docs/reference/` and the manual are made of it. Pure.

// What `words!` makes is public, wherever it stands.
#[expect(unreachable_pub)]
pub(crate) mod entry;
pub(crate) mod events;
pub(crate) mod exit_codes;
pub(crate) mod find;
pub(crate) mod keys;
pub(crate) mod markdown;
pub(crate) mod page;
pub(crate) mod variables;

use crate::cli::reference::entry::{ReferenceEntry, Topic};

/// Everything that a topic has, in the order in which it is read.
pub(crate) fn entries(topic: Topic) -> Vec<ReferenceEntry> {
    match topic {
        Topic::Schedule => keys::of_schedule(),
        Topic::Settings => keys::of_settings(),
        Topic::Events => events::entries(),
        Topic::Environment => variables::entries(),
        Topic::ExitCodes => exit_codes::entries(),
    }
}

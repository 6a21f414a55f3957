//! Names and identifiers. Newtypes, so that a group can never stand where a
//! command is wanted. Built by `config` (names) and the shells (run ids).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps text that its caller has already judged to be a valid name.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A group of the schedule: the key under `groups:`.
    GroupName
}
name! {
    /// What `command:` names: the collector to execute.
    CommandName
}
name! {
    /// A task within its group: what `name:` says, else its command (`command#2` where the
    /// group has the command a second time). With the group it is the key of everything that
    /// is kept of a task.
    TaskName
}
name! {
    /// One run: a second of UTC and a random part, so that ids sort by time
    /// and can be typed: `20261125-041000-3fa9c1`.
    RunId
}

impl RunId {
    /// The id of a run that starts at `now`; `random` tells two runs of one
    /// second apart (its low 24 bits are used).
    pub fn at(now: Timestamp, random: u32) -> Self {
        Self(format!(
            "{}-{:06x}",
            now.strftime("%Y%m%d-%H%M%S"),
            random & 0xff_ffff
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_sort_by_time_and_differ_within_a_second() {
        let earlier = RunId::at("2026-11-25T04:10:00Z".parse().unwrap(), 0xffff_ffff);
        let later = RunId::at("2026-11-25T04:10:01Z".parse().unwrap(), 0);
        assert_eq!(earlier.as_str(), "20261125-041000-ffffff");
        assert_eq!(later.as_str(), "20261125-041001-000000");
        assert!(earlier < later);
    }
}

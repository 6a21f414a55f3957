//! What is known of a repository from earlier runs, and what therefore is left
//! to read. One file per repository, so that one that cannot be reached costs
//! the others nothing.

use std::collections::{BTreeMap, BTreeSet};

use collector_kit::{Reporter, Workspace};
use serde::{Deserialize, Serialize};

use crate::source;
use crate::tags::Tag;
use crate::tally::Days;

/// Raised when the meaning of the numbers changes: older files are read anew.
const VERSION: u32 = 1;

/// Everything counted so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    version: u32,
    /// Which repository.
    pub(crate) id: String,
    /// The newest commit that is counted.
    pub(crate) tip: Option<String>,
    /// Where the history was cut off when it was counted.
    pub(crate) boundary: BTreeSet<String>,
    /// Commits by day.
    pub(crate) days: Days,
    /// Commits whose time is no date; they are in no day.
    pub(crate) undated: u64,
    /// Tags by name.
    pub(crate) tags: BTreeMap<String, Tag>,
}

/// Which commits are left to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Walk {
    /// None.
    Nothing,
    /// Those that the tip has and this commit has not.
    Since(String),
    /// All of them; the reason, where there were numbers before.
    Everything(Option<&'static str>),
}

impl State {
    /// A repository that nothing is known of.
    pub(crate) fn new(id: &str) -> Self {
        Self {
            version: VERSION,
            id: id.to_owned(),
            ..Self::default()
        }
    }

    /// What the workspace knows; a damaged or older file counts as nothing, with a warning.
    pub(crate) fn load(id: &str, workspace: &Workspace, reporter: &Reporter) -> anyhow::Result<Self> {
        match workspace.read_json::<Self>(file(id)) {
            Ok(Some(state)) if state.version == VERSION && state.id == id => Ok(state),
            Ok(Some(_)) => {
                reporter.warning(&format!(
                    "{id}: the state is of another version; reading everything again"
                ));
                Ok(Self::new(id))
            }
            Ok(None) => Ok(Self::new(id)),
            Err(error) if error.downcast_ref::<serde_json::Error>().is_some() => {
                reporter.warning(&format!("{id}: {error:#}; reading everything again"));
                Ok(Self::new(id))
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps it for the next run.
    pub(crate) fn save(&self, workspace: &Workspace) -> anyhow::Result<()> {
        workspace.write_json(file(&self.id), self)
    }

    /// What is left to read when the tip is now `tip` and the history is cut off
    /// at `boundary`. `is_ancestor` says whether the commit counted last is still
    /// part of the history; it is asked only when that matters.
    pub(crate) fn walk(
        &self,
        tip: Option<&str>,
        boundary: &BTreeSet<String>,
        is_ancestor: impl FnOnce(&str) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Walk> {
        Ok(match (self.tip.as_deref(), tip) {
            (None, None) => Walk::Nothing,
            (None, Some(_)) => Walk::Everything(None),
            (Some(_), None) => Walk::Everything(Some("it has no commits any more")),
            (Some(_), Some(_)) if self.boundary != *boundary => {
                Walk::Everything(Some("more or less of its history is here than before"))
            }
            (Some(old), Some(new)) if old == new => Walk::Nothing,
            (Some(old), Some(_)) if is_ancestor(old)? => Walk::Since(old.to_owned()),
            (Some(_), Some(_)) => Walk::Everything(Some("its history was rewritten")),
        })
    }
}

fn file(id: &str) -> String {
    format!("state/{}.json", source::file_stem(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(old: Option<&str>, new: Option<&str>, cut: bool, ancestor: bool) -> Walk {
        let mut state = State::new("/x");
        state.tip = old.map(str::to_owned);
        let boundary = if cut {
            BTreeSet::from(["cc".to_owned()])
        } else {
            BTreeSet::new()
        };
        state.walk(new, &boundary, |_| Ok(ancestor)).unwrap()
    }

    #[test]
    fn only_what_is_new_is_read() {
        assert_eq!(walk(None, None, false, false), Walk::Nothing);
        assert_eq!(walk(None, Some("aa"), false, false), Walk::Everything(None));
        assert_eq!(walk(Some("aa"), Some("aa"), false, false), Walk::Nothing);
        assert_eq!(
            walk(Some("aa"), Some("bb"), false, true),
            Walk::Since("aa".to_owned())
        );
    }

    #[test]
    fn what_no_longer_holds_is_read_again() {
        assert!(matches!(
            walk(Some("aa"), Some("bb"), false, false),
            Walk::Everything(Some(_))
        ));
        assert!(matches!(
            walk(Some("aa"), Some("aa"), true, true),
            Walk::Everything(Some(_))
        ));
        assert!(matches!(
            walk(Some("aa"), None, false, false),
            Walk::Everything(Some(_))
        ));
    }
}

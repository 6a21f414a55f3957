//! How far earlier runs came. What is committed with the records is the state
//! that the orchestrator gives back; what a run had read when it failed is kept
//! in the workspace, so that a limit on requests delays a long first reading but
//! does not start it over for ever.

use std::collections::BTreeMap;

use collector_kit::{Reporter, Workspace};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::item::Item;
use crate::source;

/// Raised when the meaning of the records changes: everything is read again.
const VERSION: u32 = 1;

/// The state: what was read and recorded, by repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marks {
    version: u32,
    /// By lasting name.
    pub(super) repositories: BTreeMap<String, Mark>,
}

/// How far one repository was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Every issue that changed before this is recorded as it is.
    pub(super) since: Option<Timestamp>,
    /// What names the list of issues since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    /// What names the list of releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) releases: Option<String>,
}

impl Marks {
    /// What `ORCHESTRATE_STATE` holds; nothing where it is of another version or none.
    pub(super) fn from_environment() -> Self {
        let text = std::env::var("ORCHESTRATE_STATE").unwrap_or_default();
        let marks: Self = serde_json::from_str(&text).unwrap_or_default();
        if marks.version == VERSION {
            marks
        } else {
            Self {
                version: VERSION,
                ..Self::default()
            }
        }
    }
}

/// Issues that were read but not recorded, because the run then failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// From where they were read; they count only while the state still says so.
    base: Option<Timestamp>,
    /// How far.
    pub(super) reached: Option<Timestamp>,
    /// By number.
    pub(super) items: BTreeMap<u64, Item>,
}

impl Pending {
    /// What was left when the state said `base`, as it does again; else nothing.
    pub(super) fn load(
        id: &str,
        base: Option<Timestamp>,
        workspace: &Workspace,
        reporter: &Reporter,
    ) -> Self {
        let nothing = Self {
            base,
            reached: base,
            items: BTreeMap::new(),
        };
        match workspace.read_json::<Self>(file(id)) {
            Ok(Some(pending)) if pending.base == base => pending,
            Ok(_) => nothing,
            Err(error) => {
                reporter.warning(&format!("{id}: {error:#}; reading it again"));
                nothing
            }
        }
    }

    /// Keeps it for the next try.
    pub(super) fn save(&self, id: &str, workspace: &Workspace) -> anyhow::Result<()> {
        workspace.write_json(file(id), self)
    }
}

fn file(id: &str) -> String {
    format!("pending/{}.json", source::file_stem(id))
}

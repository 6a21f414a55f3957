//! What somebody did by hand, as it is kept.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::RunId;
use crate::model::words::words;
use crate::store::access::role::Role;
use crate::store::access::tokens::Visitor;

words! {
    /// What can be done by hand.
    pub enum ActionVerb {
        /// A browser is known from then on.
        SignIn = "sign_in",
        /// And from then on it is not.
        SignOut = "sign_out",
        /// Something is run now.
        Run = "run",
        /// A run is asked to end.
        Cancel = "cancel",
        /// What a run ran, or a part of it, is run again.
        Retry = "retry",
        /// The scheduler passes over a group.
        Pause = "pause",
        /// And does so no more.
        Resume = "resume",
    }
}

words! {
    /// What came of it.
    pub enum ActionOutcome {
        /// Nobody has said yet; where that lasts, whoever did it was killed meanwhile.
        Begun = "begun",
        /// It was done; a run was handed over.
        Done = "done",
        /// It could not be done as things stood.
        Refused = "refused",
        /// Something of ours stood in the way.
        Failed = "failed",
    }
}

/// Something that is about to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAction {
    /// By whom.
    pub visitor: Visitor,
    /// What.
    pub verb: ActionVerb,
    /// To what: a group, `group/name`, a run; empty for who signs in.
    pub target: String,
    /// The arguments that a collector is given instead of its own, without values of secrets.
    pub args: Option<Vec<String>>,
    /// Why.
    pub note: Option<String>,
    /// The run that it begins.
    pub run: Option<RunId>,
    /// What makes a second asking the same as the first, and what is asked for.
    pub key: Option<ActionKey>,
}

/// By this a second asking is known to be the same; for 24 hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionKey {
    pub(crate) key: String,
    pub(crate) request: String,
}

impl ActionKey {
    /// `key` is what somebody chose, and is his alone; `request` is all that he asks for.
    pub fn new(actor: &str, key: &str, request: &str) -> Self {
        // Names of tokens have no line ends.
        Self {
            key: hash(&format!("{actor}\n{key}")),
            request: hash(request),
        }
    }
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is known of something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownAction {
    /// In the order in which they were done.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The name of the token.
    pub actor: String,
    /// What it allowed then.
    pub role: Role,
    /// What was done.
    pub verb: ActionVerb,
    /// To what.
    pub target: String,
    /// The arguments that a collector was given instead of its own.
    pub args: Option<Vec<String>>,
    /// Why.
    pub note: Option<String>,
    /// The run that it began.
    pub run: Option<RunId>,
    /// What came of it.
    pub outcome: ActionOutcome,
    /// In words, where that is more than the outcome.
    pub message: Option<String>,
    /// When that was known.
    pub ended_at: Option<Timestamp>,
}

/// What became of the wish to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BegunAction {
    /// It is written down under this number, and may be done.
    New(i64),
    /// It was asked for before, with the same key.
    Again(Box<KnownAction>),
    /// Something else was asked for with that key.
    OtherRequest,
}

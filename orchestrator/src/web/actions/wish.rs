//! Something that an operator wants done.

use crate::model::RunId;
use crate::store::ActionVerb;

/// A wish, in the words of addresses and forms: what is meant by them is the desk's to find out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// What the batch of a group does today; of `workflow`, the fixed list.
    RunGroup { group: String },
    /// A collector of the timetable, with its own arguments or with these.
    RunCollector {
        group: String,
        name: String,
        args: Option<Vec<String>>,
    },
    /// Tasks of a run, by group and name; all that did not succeed where none are named.
    Retry {
        run: RunId,
        tasks: Option<Vec<(String, String)>>,
    },
    /// The end of a run.
    Cancel { run: RunId },
    /// No slot of a group is run from now on.
    Pause { group: String },
    /// They are again.
    Resume { group: String },
}

impl Wish {
    /// What kind of action it is.
    pub(crate) fn verb(&self) -> ActionVerb {
        match self {
            Self::RunGroup { .. } | Self::RunCollector { .. } => ActionVerb::Run,
            Self::Retry { .. } => ActionVerb::Retry,
            Self::Cancel { .. } => ActionVerb::Cancel,
            Self::Pause { .. } => ActionVerb::Pause,
            Self::Resume { .. } => ActionVerb::Resume,
        }
    }

    /// What it is done to, as the audit has it.
    pub(crate) fn target(&self) -> String {
        match self {
            Self::RunGroup { group } | Self::Pause { group } | Self::Resume { group } => group.clone(),
            Self::RunCollector { group, name, .. } => format!("{group}/{name}"),
            Self::Retry { run, .. } | Self::Cancel { run } => run.to_string(),
        }
    }

    /// Whether a run comes of it.
    pub(crate) fn begins_run(&self) -> bool {
        matches!(self.verb(), ActionVerb::Run | ActionVerb::Retry)
    }

    /// The arguments that a collector is given instead of its own.
    pub(crate) fn args(&self) -> Option<&Vec<String>> {
        match self {
            Self::RunCollector { args, .. } => args.as_ref(),
            _ => None,
        }
    }

    /// Whether it narrows a retry to tasks, for the audit: `group/name`, in order.
    pub(crate) fn narrowed_to(&self) -> Option<Vec<String>> {
        match self {
            Self::Retry {
                tasks: Some(tasks), ..
            } => Some(
                tasks
                    .iter()
                    .map(|(group, name)| format!("{group}/{name}"))
                    .collect(),
            ),
            _ => None,
        }
    }
}

//! Whether there are new releases: asks a git repository or a probe, and answers
//! new, none or unknown. Verbs and the beat ask before they plan on_release tasks. It
//! never fails a run: what cannot be found out is an answer, with its reason.

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod quiet_git;

pub use ask::find_releases;

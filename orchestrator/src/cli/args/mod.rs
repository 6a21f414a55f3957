//! Flags and words that several verbs share. What only one verb takes is in the verb's
//! own file.

pub(crate) mod execute;
pub(crate) mod execution;
pub(crate) mod format;
pub(crate) mod global;
pub(crate) mod limit;
pub(crate) mod moment;
pub(crate) mod run_word;
pub(crate) mod selected;
pub(crate) mod selection;
pub(crate) mod task_word;
pub(crate) mod typed;

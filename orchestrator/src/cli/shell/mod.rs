//! What verbs stand on: settings, store, logging, exit codes, output.

pub(crate) mod collectors;
pub(crate) mod executor;
pub(crate) mod exit;
pub(crate) mod failure;
pub(crate) mod logging;
pub(crate) mod output;
pub(crate) mod schedule;
pub(crate) mod settings;
pub(crate) mod store;
pub(crate) mod summary;
pub(crate) mod target;
pub(crate) mod undelivered;
pub(crate) mod when;

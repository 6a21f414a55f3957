//! What verbs stand on: settings, store, logging, exit codes, output.

pub(crate) mod collectors;
pub(crate) mod database;
pub(crate) mod executor;
pub(crate) mod exit;
pub(crate) mod failure;
pub(crate) mod logging;
pub(crate) mod output;
pub(crate) mod release_check;
pub(crate) mod schedule;
pub(crate) mod settings;
pub(crate) mod stderr;
pub(crate) mod store;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod target;
pub(crate) mod undelivered;

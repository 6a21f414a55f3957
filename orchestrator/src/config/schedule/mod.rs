//! The schedule file: its keys, and what each mapping of it means.

pub(crate) mod cadence;
pub(crate) mod file;
pub(crate) mod fleet_terms;
pub(crate) mod group;
pub(crate) mod keys;
pub(crate) mod policy;
pub(crate) mod policy_keys;
pub(crate) mod release;
pub(crate) mod schema;
pub(crate) mod task;
pub(crate) mod task_names;
pub(crate) mod yaml_11;

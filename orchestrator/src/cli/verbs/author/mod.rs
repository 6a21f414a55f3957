//! Verbs for whoever writes collectors and schedules.

pub(crate) mod check;
pub(crate) mod check_collector;
pub(crate) mod check_programs;
pub(crate) mod check_secrets;
pub(crate) mod check_workspaces;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod interpreter;
pub(crate) mod man;
pub(crate) mod new_collector;
pub(crate) mod start_up;
pub(crate) mod template;

//! What an attempt has before its collector is started: its workspace, and what is executed there.

pub(crate) mod executable;
pub(crate) mod launch_spec;
pub(crate) mod workspace_hold;

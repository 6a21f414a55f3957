//! The machine around the scheduler: timer, file changes, signals, service manager.

pub(crate) mod alarm;
pub(crate) mod file_watch;
pub(crate) mod schedule_file;
pub(crate) mod signals;
pub(crate) mod start_files;
pub(crate) mod systemd;

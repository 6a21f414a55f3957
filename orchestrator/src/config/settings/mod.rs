//! The settings file and `.env`: what an installation says once.

pub(crate) mod dotenv;
pub(crate) mod dotenv_lines;
pub(crate) mod file;
pub(crate) mod keys;
pub(crate) mod notify;
pub(crate) mod retention;

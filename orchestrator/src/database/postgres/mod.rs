//! PostgreSQL: how its server is named, come to, and how many connections it is asked for.

pub(crate) mod listener;
pub(crate) mod pgmq;
pub(crate) mod pool;
pub(crate) mod server;
pub(crate) mod url;

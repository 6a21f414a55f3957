//! How long anything may take: no wait is for ever.

use std::time::Duration;

/// A connection, and a PostgreSQL server that accepts connections and says nothing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// No statement about few rows takes as long on a database that is well.
pub(crate) const ANSWER: Duration = Duration::from_secs(30);

/// A statement that changes as many rows as a delivery has.
pub(crate) const WORK: Duration = Duration::from_secs(600);

//! Where records are kept: the same database that remembers runs, which knows nothing of
//! them.

use crate::database::Database;

/// The records of one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Records {
    pub(super) database: Database,
}

impl From<&Database> for Records {
    fn from(database: &Database) -> Self {
        Self {
            database: database.clone(),
        }
    }
}

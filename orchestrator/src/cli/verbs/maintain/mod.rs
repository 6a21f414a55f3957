//! Verbs that maintain the database.

pub(crate) mod db;

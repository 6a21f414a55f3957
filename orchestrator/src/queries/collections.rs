//! What is kept of what collectors brought: the collections, and the records of one from a key on.

use crate::records::Records;
pub(crate) use crate::records::{Collection, Kept, RecordsError};
use crate::store::Store;

/// Every collection there is.
///
/// # Errors
/// The database fails.
pub(crate) async fn collections(store: &Store) -> Result<Vec<Collection>, RecordsError> {
    Records::from(store.database()).collections().await
}

/// At most `most` records of a collection by key, those after `after`.
///
/// # Errors
/// The database fails.
pub(crate) async fn records_after(
    store: &Store,
    collection: &str,
    after: &str,
    most: u32,
) -> Result<Vec<Kept>, RecordsError> {
    Records::from(store.database())
        .page(collection, after, most)
        .await
}

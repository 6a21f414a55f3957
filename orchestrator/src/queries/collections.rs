//! What is kept of what collectors brought: the collections with who writes and reads each, and
//! the records of one from a key on.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::RunId;
use crate::records::{Collection, CollectionUse, Edge, Records};
pub(crate) use crate::records::{Kept, RecordsError};
use crate::store::Store;

/// A collection. Its serialized form is a contract: keys may be added.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CollectionAnswer {
    #[serde(flatten)]
    pub(crate) collection: Collection,
    /// Who delivered to it in the last thirty days.
    pub(crate) writers: Vec<CollectionUser>,
    /// Who read it in the last thirty days.
    pub(crate) readers: Vec<CollectionUser>,
}

/// A task that writes or reads a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CollectionUser {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) command: String,
    /// The newest run in which it did so, and when.
    pub(crate) run: RunId,
    pub(crate) at: Timestamp,
}

/// All of them, in order of name.
///
/// # Errors
/// The database fails.
pub(crate) async fn collections(
    store: &Store,
    now: Timestamp,
) -> Result<Vec<CollectionAnswer>, RecordsError> {
    let records = Records::from(store.database());
    let edges = records.edges(now).await?;
    let users = |collection: &str, direction: CollectionUse| {
        let of = |edge: &&Edge| edge.collection == collection && edge.direction == direction;
        edges.iter().filter(of).map(CollectionUser::from).collect()
    };
    let each = |collection: Collection| CollectionAnswer {
        writers: users(&collection.collection, CollectionUse::Write),
        readers: users(&collection.collection, CollectionUse::Read),
        collection,
    };
    Ok(records.collections().await?.into_iter().map(each).collect())
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

impl From<&Edge> for CollectionUser {
    fn from(edge: &Edge) -> Self {
        Self {
            group: edge.group.clone(),
            name: edge.name.clone(),
            command: edge.command.clone(),
            run: edge.run.clone(),
            at: edge.at,
        }
    }
}

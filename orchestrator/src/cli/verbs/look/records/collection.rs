//! What the words after `records` share: whether a collection is there, and how a time of
//! it is shown.

use jiff::Timestamp;

use crate::cli::shell::failure::Failure;
use crate::cli::times::Times;
use crate::model::nearest;
use crate::records::Records;

/// How many names a message lists.
const NAMES: usize = 20;

/// A collection that is not there is a mistake in the name, or nobody has delivered yet.
pub(crate) async fn require(shelf: &Records, collection: &str) -> Result<(), Failure> {
    if shelf.has(collection).await.map_err(Failure::infrastructure)? {
        return Ok(());
    }
    let names = shelf.names().await.map_err(Failure::infrastructure)?;
    let failure = Failure::usage(format!(
        "there is no collection {collection:?}{}",
        nearest(collection, names.iter().map(String::as_str))
            .map_or_else(String::new, |name| format!(" (did you mean {name:?}?)"))
    ));
    if names.is_empty() {
        return Err(failure.hint("no collector has delivered records yet; orchestrate history says what ran"));
    }
    let shown: Vec<_> = names.iter().take(NAMES).map(String::as_str).collect();
    let more = if names.len() > NAMES { ", …" } else { "" };
    Err(failure.hint(format!("the collections are: {}{more}", shown.join(", "))))
}

/// To the second.
pub(crate) fn time(at: Timestamp) -> String {
    Times::of_output().second(at)
}

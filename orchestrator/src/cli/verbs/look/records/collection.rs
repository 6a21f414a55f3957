//! What the words after `records` share: whether a collection is there, and how a time of
//! it is shown.

use jiff::Timestamp;

use crate::cli::shell::failure::Failure;
use crate::cli::shell::stderr::print_words;
use crate::cli::times::Times;
use crate::cli::verbs::look::records::note_read::in_a_collector;
use crate::model::nearest;
use crate::records::Records;
use crate::text::make_safe;

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

/// Whether a collector asks for what nobody has delivered yet: on its first day that is nothing to
/// fail for. A person who asks has more likely mistyped the name.
pub(crate) async fn await_first_delivery(shelf: &Records, collection: &str) -> Result<bool, Failure> {
    if !in_a_collector() || shelf.has(collection).await.map_err(Failure::infrastructure)? {
        return Ok(false);
    }
    print_words!(
        "warning: there is no collection {:?} yet: it is taken for empty",
        make_safe(collection)
    );
    Ok(true)
}

/// To the second.
pub(crate) fn time(at: Timestamp) -> String {
    Times::of_output().second(at)
}

//! The port through which wishes are fulfilled. `serve` implements it, here or through the queue;
//! this room neither plans nor executes.

use std::future::Future;
use std::pin::Pin;

use crate::model::RunId;
use crate::web::actions::refusal::ActionRefusal;
use crate::web::actions::wish::Wish;

/// An answer that is on its way.
pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a wish would do, as things stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ActionPreview {
    /// The collectors that would run, in order; none where nothing is run.
    pub(crate) tasks: Vec<PreviewedTask>,
    /// What else is to be known, a sentence each.
    pub(crate) notes: Vec<String>,
}

/// A collector that would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PreviewedTask {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    /// Why it is planned and yet would not run.
    pub(crate) skip: Option<String>,
}

/// Fulfils wishes.
pub(crate) trait ActionDesk: Send + Sync {
    /// What would be done; changes nothing.
    fn preview<'a>(&'a self, wish: &'a Wish) -> Pending<'a, Result<ActionPreview, ActionRefusal>>;

    /// Does it, and says in a sentence what was done. A run that comes of it has the id `run`; it is
    /// handed over and not waited for.
    fn act<'a>(&'a self, wish: &'a Wish, run: &'a RunId) -> Pending<'a, Result<String, ActionRefusal>>;

    /// The wish as it may be stored and shown: placeholders where values of secrets stand in its
    /// arguments. It is fulfilled in this form.
    fn without_secrets(&self, wish: Wish) -> Wish;

    /// Text with the values of secrets masked.
    fn masked(&self, text: &str) -> String;
}

//! Signing in and out, in the audit: written down before it is done.

use crate::store::{ActionOutcome, ActionVerb, BegunAction, NewAction, StoreError, Visitor};
use crate::web::fault::Fault;
use crate::web::site::Site;

/// Does `work` for somebody, between the two words about it.
///
/// # Errors
/// It cannot be written down, and was not done; or it failed.
pub(crate) async fn audited<T>(
    site: &Site,
    visitor: &Visitor,
    verb: ActionVerb,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Fault> {
    let new = NewAction {
        visitor: visitor.clone(),
        verb,
        target: String::new(),
        args: None,
        note: None,
        run: None,
        key: None,
    };
    // Without a key nothing was asked for before.
    let begun = site.store.begin_action(&new, site.clock.now()).await?;
    let done = work.await;
    let said = match &done {
        Ok(_) => (ActionOutcome::Done, None),
        Err(error) => (ActionOutcome::Failed, Some(error.to_string())),
    };
    if let BegunAction::New(id) = begun {
        let (outcome, message) = (said.0, said.1.as_deref());
        let ended = site
            .store
            .end_action(id, (outcome, message), site.clock.now())
            .await;
        if let Err(error) = ended {
            tracing::warn!("the audit does not say what came of it: {error}");
        }
    }
    Ok(done?)
}

//! The one way from a wish to what is done: written down first, then done, then what came of it.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::model::RunId;
use crate::store::{ActionKey, ActionOutcome, ActionVerb, BegunAction, KnownAction, NewAction, Visitor};
use crate::web::actions::refusal::{ActionRefusal, RefusalKind};
use crate::web::actions::wish::Wish;
use crate::web::fault::Fault;
use crate::web::site::Site;

/// The most of a reason that is kept, in characters.
const NOTE: usize = 200;

/// What somebody asks for.
pub(crate) struct AskedAction {
    /// An operator.
    pub(crate) visitor: Visitor,
    pub(crate) wish: Wish,
    /// Why, in his words.
    pub(crate) note: Option<String>,
    /// What makes a second asking the same.
    pub(crate) key: Option<ActionKey>,
    /// Of a retry: the newest one that he has seen.
    pub(crate) seen_retry: Option<SeenRetry>,
}

/// The newest retry of a run that somebody knows of; `None` if he knows of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenRetry(pub(crate) Option<RunId>);

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Performed {
    /// The run that came of it.
    pub(crate) run: Option<RunId>,
    /// In a sentence.
    pub(crate) message: String,
    /// Whether it was done before, for the same asking.
    pub(crate) again: bool,
}

/// Does it, also if whoever asked goes away meanwhile.
///
/// # Errors
/// It is refused, or cannot be written down; then nothing was done.
pub(crate) async fn perform(site: &Arc<Site>, asked: AskedAction) -> Result<Performed, Fault> {
    let site = Arc::clone(site);
    let work = tokio::spawn(async move { perform_in_turn(&site, asked).await });
    work.await.unwrap_or_else(|error| {
        tracing::error!("an action was broken off by a defect of ours: {error}");
        let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "internal_error");
        Err(Fault::new(
            status,
            code,
            "this is a defect of orchestrate; its log says where",
        ))
    })
}

async fn perform_in_turn(site: &Site, asked: AskedAction) -> Result<Performed, Fault> {
    let acting = &site.acting;
    let _turn = acting.await_turn().await;
    let wish = acting.desk.without_secrets(asked.wish);
    let now = site.clock.now();
    let run = RunId::at(now, fastrand::u32(..));
    let note = asked
        .note
        .as_deref()
        .map(str::trim)
        .filter(|note| !note.is_empty());
    let new = NewAction {
        verb: wish.verb(),
        target: wish.target(),
        args: wish.args().cloned().or_else(|| wish.narrowed_to()),
        note: note.map(|note| acting.desk.masked(note).chars().take(NOTE).collect()),
        run: wish.begins_run().then(|| run.clone()),
        key: asked.key,
        visitor: asked.visitor,
    };
    let id = match site.store.begin_action(&new, now).await? {
        BegunAction::New(id) => id,
        BegunAction::Again(before) => return answer_again(*before),
        BegunAction::OtherRequest => return Err(other_request()),
    };
    let done = match unseen_retry(site, &wish, &run, asked.seen_retry).await {
        Ok(()) => acting.desk.act(&wish, &run).await,
        Err(refusal) => Err(refusal),
    };
    let said = match &done {
        Ok(message) => (ActionOutcome::Done, Some(message.as_str())),
        Err(refusal) if refusal.kind == RefusalKind::Broken => {
            (ActionOutcome::Failed, Some(refusal.message.as_str()))
        }
        Err(refusal) => (ActionOutcome::Refused, Some(refusal.message.as_str())),
    };
    let (who, what) = (&new.visitor.name, new.verb);
    tracing::info!("{what} of {:?} by {who}: {}", new.target, said.0);
    // It is done, or not, whatever the database says now: the row stays `begun`.
    if let Err(error) = site.store.end_action(id, said, site.clock.now()).await {
        tracing::warn!("the audit does not say what came of it: {error}");
    }
    Ok(Performed {
        message: done?,
        run: new.run,
        again: false,
    })
}

/// A retry is refused where the run was retried meanwhile: what it would run again may have succeeded.
async fn unseen_retry(
    site: &Site,
    wish: &Wish,
    own: &RunId,
    seen: Option<SeenRetry>,
) -> Result<(), ActionRefusal> {
    let (Wish::Retry { run, .. }, Some(SeenRetry(seen))) = (wish, seen) else {
        return Ok(());
    };
    match newest_retry(site, run, Some(own)).await? {
        Some(newest) if seen.as_ref() != Some(&newest) => Err(ActionRefusal::new(
            RefusalKind::Conflict,
            format!("run {run} was retried meanwhile, as run {newest}"),
        )
        .hint(format!("look at /runs/{newest} first"))),
        _ => Ok(()),
    }
}

/// The newest run that repeats `run`, but for `own`: one that was asked for here, or by hand
/// elsewhere.
///
/// # Errors
/// The database fails.
pub(crate) async fn newest_retry(
    site: &Site,
    run: &RunId,
    own: Option<&RunId>,
) -> Result<Option<RunId>, crate::store::StoreError> {
    // One that was refused has no run; those in between are at most the tries of an hour.
    let asked = site.store.actions_on(run.as_str(), 50).await?;
    let here = asked
        .into_iter()
        .filter(|action| action.verb == ActionVerb::Retry)
        .filter(|action| matches!(action.outcome, ActionOutcome::Begun | ActionOutcome::Done))
        .filter_map(|action| action.run)
        .find(|run| Some(run) != own);
    let elsewhere = site.store.newest_retry(run).await?;
    // Ids begin with the second in which a run was planned.
    Ok(here.max(elsewhere))
}

fn answer_again(before: KnownAction) -> Result<Performed, Fault> {
    let message = before
        .message
        .unwrap_or_else(|| "It was asked for before.".to_owned());
    match before.outcome {
        ActionOutcome::Begun | ActionOutcome::Done => Ok(Performed {
            run: before.run,
            message,
            again: true,
        }),
        ActionOutcome::Refused => Err(ActionRefusal::new(RefusalKind::Conflict, message).into()),
        ActionOutcome::Failed => Err(ActionRefusal::new(RefusalKind::Broken, message).into()),
    }
}

fn other_request() -> Fault {
    let (status, code) = (StatusCode::UNPROCESSABLE_ENTITY, "key_of_another_request");
    Fault::new(status, code, "something else was asked for with that key")
        .hint("a key is for one request; load the page again for a new one")
}

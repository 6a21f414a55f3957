//! The page of a run that somebody asked for and that has not begun: it waits for another one, for a
//! worker, or it could not be begun.

use askama::Template;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

use crate::model::RunId;
use crate::store::{ActionOutcome, KnownAction, StoreError};
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::site::Site;
use crate::web::views::links;
use crate::web::views::moment::ShownMoment;

/// Loads it again after so many seconds, with and without script.
const REFRESH: (HeaderName, HeaderValue) =
    (HeaderName::from_static("refresh"), HeaderValue::from_static("2"));

#[derive(Template)]
#[template(path = "waiting.html")]
struct WaitingPage {
    frame: Frame,
    id: String,
    what: String,
    who: String,
    at: ShownMoment,
    /// Why it will not begin.
    failed: Option<String>,
    /// Whether it waits for a worker rather than for its turn here.
    is_queued: bool,
    cancel: Option<String>,
}

/// The page, if somebody asked for a run of this id.
///
/// # Errors
/// The database fails.
pub(crate) async fn waiting(
    site: &Site,
    reader: &Reader,
    word: &str,
) -> Result<Option<Response>, StoreError> {
    if !links::is_run_id(word) {
        return Ok(None);
    }
    let run = RunId::new(word);
    let Some(action) = site.store.action_of_run(&run).await? else {
        return Ok(None);
    };
    let is_queued = site.store.queued_run(&run).await?.is_some();
    let now = site.clock.now();
    let failed = failed(&action);
    let waits = failed.is_none();
    let mut shown = page(&WaitingPage {
        frame: Frame::new(format!("Run {word}"), "/runs", now, reader),
        id: word.to_owned(),
        what: format!("{} of {}", action.verb, action.target),
        who: action.actor,
        at: ShownMoment::new(action.at, now),
        failed,
        is_queued,
        cancel: waits.then(|| links::run_action(&run, "cancel")).flatten(),
    });
    if waits {
        let (name, value) = REFRESH;
        shown.headers_mut().insert(name, value);
    }
    Ok(Some(shown))
}

fn failed(action: &KnownAction) -> Option<String> {
    match action.outcome {
        ActionOutcome::Begun | ActionOutcome::Done => None,
        ActionOutcome::Refused | ActionOutcome::Failed => Some(
            action
                .message
                .clone()
                .unwrap_or_else(|| "It could not be begun.".to_owned()),
        ),
    }
}

//! `/runs/{run}/cancel`: a run is asked to end.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::model::RunId;
use crate::web::actions::Wish;
use crate::web::fault::Fault;
use crate::web::form::FormFields;
use crate::web::pages::actions::answer::{ActingVisitor, AnsweredForm, answer};
use crate::web::pages::actions::confirm::{Question, ask, shown_refusal};
use crate::web::pages::frame::Reader;
use crate::web::parameters::PathPart;
use crate::web::route_policy::{Routes, confirmed};
use crate::web::site::Site;
use crate::web::views::links;

pub(crate) fn route() -> Routes {
    confirmed("/runs/{run}/cancel", ask_cancel, cancel)
}

async fn ask_cancel(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathPart(word): PathPart,
) -> Result<Response, Fault> {
    let run = whole_id(&word)?;
    let path = links::run_action(&run, "cancel").ok_or_else(no_run)?;
    let wish = Wish::Cancel { run };
    let (preview, refused) = shown_refusal(site.acting.desk.preview(&wish).await)?;
    let about = (word.clone(), format!("/runs/{word}"));
    ask(
        &site,
        &reader,
        Question {
            place: "/runs",
            button: ("Cancel the run", "cancelled"),
            will: preview.notes,
            refused,
            command: format!("orchestrate cancel {word}"),
            ..Question::new(path, about, format!("Cancel run {word}?"))
        },
    )
}

async fn cancel(
    State(site): State<Arc<Site>>,
    PathPart(word): PathPart,
    visitor: ActingVisitor,
    fields: FormFields,
) -> Result<Response, Fault> {
    let run = whole_id(&word)?;
    let form = AnsweredForm {
        path: links::run_action(&run, "cancel").ok_or_else(no_run)?,
        fields,
        wish: Wish::Cancel { run },
        seen_retry: None,
    };
    answer(&site, visitor, form).await
}

/// Who acts on a run names it whole: `last` may be another one by now.
///
/// # Errors
/// It is no id.
pub(crate) fn whole_id(word: &str) -> Result<RunId, Fault> {
    match links::is_run_id(word) {
        true => Ok(RunId::new(word)),
        false => Err(no_run()),
    }
}

/// There is no such run.
pub(crate) fn no_run() -> Fault {
    Fault::not_found("no run has that id").hint("the page Runs lists them")
}

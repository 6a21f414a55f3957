//! `/groups/{group}/pause` and `/resume`: whether the timetable runs a group.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::store::Pause;
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
use crate::web::views::moment::ShownMoment;

pub(crate) fn routes() -> Routes {
    confirmed("/groups/{group}/pause", ask_pause, pause).merge(confirmed(
        "/groups/{group}/resume",
        ask_resume,
        resume,
    ))
}

async fn ask_pause(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathPart(group): PathPart,
) -> Result<Response, Fault> {
    let wish = Wish::Pause { group: group.clone() };
    let (preview, refused) = shown_refusal(site.acting.desk.preview(&wish).await)?;
    let mut question = question(&group, "pause", format!("Pause {group}?"));
    question.button = ("Pause", "pause");
    question.will = preview.notes;
    question.refused = refused;
    ask(&site, &reader, question)
}

async fn ask_resume(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathPart(group): PathPart,
) -> Result<Response, Fault> {
    let wish = Wish::Resume { group: group.clone() };
    let (preview, refused) = shown_refusal(site.acting.desk.preview(&wish).await)?;
    let now = site.clock.now();
    let since = Pause::of(&site.store.pauses().await?, &group).map(|from| ShownMoment::new(from, now));
    let mut question = question(&group, "resume", format!("Resume {group}?"));
    question.button = ("Resume", "play");
    question.will = since
        .map(|since| format!("It is paused since {} UTC.", since.short))
        .into_iter()
        .chain(preview.notes)
        .collect();
    question.refused = refused;
    ask(&site, &reader, question)
}

async fn pause(
    State(site): State<Arc<Site>>,
    PathPart(group): PathPart,
    visitor: ActingVisitor,
    fields: FormFields,
) -> Result<Response, Fault> {
    let path = links::group_action(&group, "pause");
    let wish = Wish::Pause { group };
    answer(&site, visitor, form(path, fields, wish)).await
}

async fn resume(
    State(site): State<Arc<Site>>,
    PathPart(group): PathPart,
    visitor: ActingVisitor,
    fields: FormFields,
) -> Result<Response, Fault> {
    let path = links::group_action(&group, "resume");
    let wish = Wish::Resume { group };
    answer(&site, visitor, form(path, fields, wish)).await
}

fn form(path: String, fields: FormFields, wish: Wish) -> AnsweredForm {
    AnsweredForm {
        path,
        fields,
        wish,
        seen_retry: None,
    }
}

fn question(group: &str, verb: &str, asks: String) -> Question {
    let about = (
        group.to_owned(),
        links::with_query("/runs", &[("group", Some(group))]),
    );
    Question {
        command: format!("orchestrate {verb} {group}"),
        ..Question::new(links::group_action(group, verb), about, asks)
    }
}

//! `/runs/{run}/retry`: what a run ran is run again, or the part of it that did not succeed.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::events::TaskSummary;
use crate::model::{RunId, TaskStatus};
use crate::queries::find_run::find_run;
use crate::store::TaskState;
use crate::web::actions::perform::{SeenRetry, newest_retry};
use crate::web::actions::{ActionRefusal, RefusalKind, Wish};
use crate::web::fault::Fault;
use crate::web::form::FormFields;
use crate::web::pages::actions::answer::{ActingVisitor, AnsweredForm, answer};
use crate::web::pages::actions::cancel::{no_run, whole_id};
use crate::web::pages::actions::confirm::{Question, TaskChoice, ask, shown_refusal};
use crate::web::pages::frame::Reader;
use crate::web::parameters::PathPart;
use crate::web::route_policy::{Routes, confirmed};
use crate::web::site::Site;
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;

/// The field with the newest retry that the page knew of; empty for none.
const SEEN: &str = "seen";

pub(crate) fn route() -> Routes {
    confirmed("/runs/{run}/retry", ask_retry, retry)
}

async fn ask_retry(
    State(site): State<Arc<Site>>,
    reader: Reader,
    PathPart(word): PathPart,
) -> Result<Response, Fault> {
    let run = whole_id(&word)?;
    let path = links::run_action(&run, "retry").ok_or_else(no_run)?;
    let record = find_run(&site.store, &word).await?;
    let has_failed = record.tasks.iter().any(needs_retry);
    // Where all is well, all of it can be run again.
    let choices: Vec<TaskChoice> = record
        .tasks
        .iter()
        .map(|task| choice(&task.summary, needs_retry(task) || !has_failed))
        .collect();
    let chosen = record
        .tasks
        .iter()
        .filter(|task| needs_retry(task) || !has_failed);
    let wish = Wish::Retry {
        run: run.clone(),
        tasks: Some(chosen.map(|task| key(&task.summary)).collect()),
    };
    let (preview, refused) = shown_refusal(site.acting.desk.preview(&wish).await)?;
    let newest = newest_retry(&site, &run, None).await?;
    let retried = newest
        .as_ref()
        .map(|newest| format!("It was retried before, as run {newest}."));
    let count = choices.iter().filter(|choice| choice.checked).count();
    ask(
        &site,
        &reader,
        Question {
            place: "/runs",
            button: ("Retry", "retry"),
            will: retried.into_iter().chain(preview.notes).collect(),
            choices,
            hidden: vec![(SEEN, newest.map(|newest| newest.to_string()).unwrap_or_default())],
            refused,
            command: format!(
                "orchestrate retry {word}{}",
                if has_failed { " --failed" } else { "" }
            ),
            ..Question::new(
                path,
                (word.clone(), format!("/runs/{word}")),
                match has_failed {
                    true => format!("Retry what did not succeed ({count})?"),
                    false => format!("Run all of it again ({count})?"),
                },
            )
        },
    )
}

async fn retry(
    State(site): State<Arc<Site>>,
    PathPart(word): PathPart,
    visitor: ActingVisitor,
    fields: FormFields,
) -> Result<Response, Fault> {
    let run = whole_id(&word)?;
    let tasks: Vec<(String, String)> = fields.all("task").filter_map(links::read_task).collect();
    if tasks.is_empty() {
        return Err(
            ActionRefusal::new(RefusalKind::Unusable, "no collector was chosen")
                .hint("choose at least one")
                .into(),
        );
    }
    let seen = fields.get(SEEN).filter(|seen| !seen.is_empty());
    let form = AnsweredForm {
        path: links::run_action(&run, "retry").ok_or_else(no_run)?,
        seen_retry: Some(SeenRetry(seen.map(RunId::new))),
        wish: Wish::Retry {
            run,
            tasks: Some(tasks),
        },
        fields,
    };
    answer(&site, visitor, form).await
}

/// Whether somebody who retries a run means this one.
fn needs_retry(task: &TaskState) -> bool {
    task.summary.outcome != TaskStatus::Succeeded || task.summary.suspect.is_some()
}

fn key(summary: &TaskSummary) -> (String, String) {
    (summary.group.clone(), summary.name.clone())
}

fn choice(summary: &TaskSummary, checked: bool) -> TaskChoice {
    TaskChoice {
        value: links::task(&summary.group, &summary.name),
        title: format!("{}/{}", summary.group, summary.name),
        look: OutcomeLook::of(summary.word()),
        words: summary.reason.clone(),
        checked,
    }
}

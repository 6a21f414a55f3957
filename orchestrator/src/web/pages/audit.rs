//! `/audit`: who did what by hand, and who may.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use crate::store::{ActionOutcome, ActionVerb, KnownAction, KnownToken};
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::parameters::Parameters;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::moment::ShownMoment;

/// As many actions are on a page.
const LISTED: usize = 100;

/// As many tokens are listed; those that were used last.
const TOKENS: usize = 100;

pub(crate) fn route() -> Routes {
    readable("/audit", DATA, audit)
}

/// Where the list goes on.
#[derive(Debug, Deserialize)]
struct AuditQuery {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    rows: Vec<ActionLine>,
    newest: Option<String>,
    older: Option<String>,
    tokens: Vec<TokenLine>,
}

struct ActionLine {
    look: OutcomeLook,
    word: &'static str,
    at: ShownMoment,
    actor: String,
    role: &'static str,
    what: &'static str,
    target: String,
    href: Option<String>,
    args: String,
    run: Option<(String, String)>,
    note: String,
    message: String,
}

struct TokenLine {
    name: String,
    role: &'static str,
    made: ShownMoment,
    used: String,
    lets_in: String,
}

async fn audit(
    State(site): State<Arc<Site>>,
    reader: Reader,
    Parameters(query): Parameters<AuditQuery>,
) -> Result<Response, Fault> {
    let now = site.clock.now();
    let asked = u32::try_from(LISTED + 1).unwrap_or(u32::MAX);
    let mut actions = site.store.actions(query.before, asked).await?;
    let has_more = actions.len() > LISTED;
    actions.truncate(LISTED);
    let last = actions
        .last()
        .filter(|_| has_more)
        .map(|action| action.id.to_string());
    let mut tokens = site.store.tokens().await?;
    tokens.sort_by_key(|token| (token.is_valid(now), token.last_used_at));
    let tokens = tokens.iter().rev().take(TOKENS);
    Ok(page(&AuditPage {
        frame: Frame::new("Audit", "/audit", now, &reader),
        older: last.map(|last| links::with_query("/audit", &[("before", Some(&last))])),
        newest: query.before.map(|_| "/audit".to_owned()),
        rows: actions.into_iter().map(|action| line(action, now)).collect(),
        tokens: tokens.map(|token| token_line(token, now)).collect(),
    }))
}

fn line(action: KnownAction, now: Timestamp) -> ActionLine {
    // A word and a shape that the other pages have, too.
    let (look, word) = match action.outcome {
        ActionOutcome::Begun => ("running", "begun"),
        ActionOutcome::Done => ("succeeded", "done"),
        ActionOutcome::Refused => ("skipped", "refused"),
        ActionOutcome::Failed => ("failed", "failed"),
    };
    let run = action.run.as_ref();
    ActionLine {
        look: OutcomeLook::of(look),
        word,
        at: ShownMoment::new(action.at, now),
        actor: action.actor,
        role: action.role.as_str(),
        what: what(action.verb),
        href: href(action.verb, &action.target),
        target: action.target,
        args: action.args.unwrap_or_default().join(" "),
        run: run.and_then(|run| Some((run.to_string(), links::run(run)?))),
        note: action.note.unwrap_or_default(),
        message: action.message.unwrap_or_default(),
    }
}

fn what(verb: ActionVerb) -> &'static str {
    match verb {
        ActionVerb::SignIn => "signed in",
        ActionVerb::SignOut => "signed out",
        ActionVerb::Run => "ran",
        ActionVerb::Cancel => "cancelled",
        ActionVerb::Retry => "retried",
        ActionVerb::Pause => "paused",
        ActionVerb::Resume => "resumed",
    }
}

/// The page of what it was done to.
fn href(verb: ActionVerb, target: &str) -> Option<String> {
    match verb {
        ActionVerb::SignIn | ActionVerb::SignOut => None,
        ActionVerb::Cancel | ActionVerb::Retry => links::run(&crate::model::RunId::new(target)),
        ActionVerb::Run | ActionVerb::Pause | ActionVerb::Resume => Some(match target.split_once('/') {
            Some((group, name)) => links::collector(group, name),
            None => links::with_query("/runs", &[("group", Some(target))]),
        }),
    }
}

fn token_line(token: &KnownToken, now: Timestamp) -> TokenLine {
    let moment = |at: Timestamp| ShownMoment::new(at, now);
    let until = |at: Timestamp| moment(at).short;
    TokenLine {
        name: token.name.clone(),
        role: token.role.as_str(),
        made: moment(token.created_at),
        used: token
            .last_used_at
            .map_or_else(|| "never".to_owned(), |at| moment(at).relative),
        lets_in: match (token.revoked_at, token.expires_at) {
            (Some(at), _) => format!("nobody: revoked {}", until(at)),
            (None, Some(at)) if at <= now => format!("nobody: expired {}", until(at)),
            (None, Some(at)) => format!("until {}", until(at)),
            (None, None) => "for ever".to_owned(),
        },
    }
}

//! The page that asks: what is meant, what will happen, and one button.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::store::Role;
use crate::web::access::next_page::NextPage;
use crate::web::actions::{ActionRefusal, PreviewedTask, RefusalKind};
use crate::web::fault::Fault;
use crate::web::pages::frame::{Frame, Reader, page};
use crate::web::site::Site;
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;

/// A question, as the page of an action has it.
pub(crate) struct Question {
    /// Where it is asked, and where its form is sent.
    pub(crate) path: String,
    /// The place of the navigation to which it belongs.
    pub(crate) place: &'static str,
    /// What it is about, with its page.
    pub(crate) about: (String, String),
    /// `Pause group github?`
    pub(crate) asks: String,
    /// The word on the button, and the icon.
    pub(crate) button: (&'static str, &'static str),
    /// What will happen, a sentence each.
    pub(crate) will: Vec<String>,
    /// The collectors that will run; those of a retry are chosen.
    pub(crate) tasks: Vec<PreviewedTask>,
    pub(crate) choices: Vec<TaskChoice>,
    /// Where arguments can be given: those that it has.
    pub(crate) args: Option<Vec<String>>,
    /// Fields that nobody sees.
    pub(crate) hidden: Vec<(&'static str, String)>,
    /// Why it cannot be done as things stand.
    pub(crate) refused: Option<ActionRefusal>,
    /// The same in a terminal.
    pub(crate) command: String,
}

/// A collector of a run that may be run again.
pub(crate) struct TaskChoice {
    /// `group/name`, each percent-encoded.
    pub(crate) value: String,
    pub(crate) title: String,
    pub(crate) look: OutcomeLook,
    pub(crate) words: String,
    pub(crate) checked: bool,
}

impl Question {
    /// One with nothing but its words.
    pub(crate) fn new(path: String, about: (String, String), asks: String) -> Self {
        Self {
            path,
            place: "/schedule",
            about,
            asks,
            button: ("Do it", "play"),
            will: Vec::new(),
            tasks: Vec::new(),
            choices: Vec::new(),
            args: None,
            hidden: Vec::new(),
            refused: None,
            command: String::new(),
        }
    }
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    question: Question,
    /// Of the form, for who may act.
    key: Option<String>,
    /// Why he may not: nobody is known, or he may only look.
    login: Option<String>,
    who: String,
}

/// Asks; what is not there at all is a fault.
///
/// # Errors
/// What is asked about is not there, or the system gives no random bytes.
pub(crate) fn ask(site: &Site, reader: &Reader, question: Question) -> Result<Response, Fault> {
    let visitor = reader.visitor.as_ref();
    let operator = visitor.filter(|visitor| visitor.role == Role::Operator);
    let issued = operator
        .filter(|_| question.refused.is_none())
        .map(|operator| site.acting.form_keys.issue(&operator.name, &question.path));
    let key = issued.transpose().map_err(|_| {
        let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "internal_error");
        Fault::new(status, code, "the system gives no random bytes")
    })?;
    let next = NextPage::parse(&question.path);
    Ok(page(&ConfirmPage {
        frame: Frame::new(question.asks.clone(), question.place, site.clock.now(), reader),
        login: visitor
            .is_none()
            .then(|| links::with_query("/login", &[("next", Some(next.as_str()))])),
        who: visitor.map_or_else(String::new, |visitor| {
            format!("as {}, {}", visitor.name, visitor.role.as_str())
        }),
        key,
        question,
    }))
}

/// What a refusal of a preview means for its page: it says so, unless there is nothing to ask about.
///
/// # Errors
/// That.
pub(crate) fn shown_refusal<T: Default>(
    preview: Result<T, ActionRefusal>,
) -> Result<(T, Option<ActionRefusal>), Fault> {
    match preview {
        Ok(preview) => Ok((preview, None)),
        Err(refusal) if matches!(refusal.kind, RefusalKind::Unknown | RefusalKind::Broken) => {
            Err(refusal.into())
        }
        Err(refusal) => Ok((T::default(), Some(refusal))),
    }
}

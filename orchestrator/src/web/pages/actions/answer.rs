//! A form that comes back: whether it is one of ours, what it asks for, and where it leads.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::store::{ActionKey, Visitor};
use crate::web::access::identify::{Caller, unauthorized};
use crate::web::actions::Wish;
use crate::web::actions::perform::{AskedAction, SeenRetry, perform};
use crate::web::fault::Fault;
use crate::web::form::FormFields;
use crate::web::site::Site;
use crate::web::views::links;

/// The field with the key of a form.
pub(crate) const KEY: &str = "key";

/// Who acts; the route has asked whether he may.
pub(crate) struct ActingVisitor(pub(crate) Visitor);

impl<S: Sync> FromRequestParts<S> for ActingVisitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let caller = parts.extensions.get::<Caller>();
        let visitor = caller.and_then(Caller::visitor).cloned();
        visitor.map(Self).ok_or_else(|| unauthorized("a token is needed"))
    }
}

/// What a form asks for.
pub(crate) struct AnsweredForm {
    /// The path that it was shown at, and is sent to.
    pub(crate) path: String,
    pub(crate) fields: FormFields,
    pub(crate) wish: Wish,
    /// Of a retry: the newest one that its page knew of.
    pub(crate) seen_retry: Option<SeenRetry>,
}

/// Does what the form asks for, and leads to where that is seen.
///
/// # Errors
/// The form is none of ours, or what it asks for is refused.
pub(crate) async fn answer(
    site: &Arc<Site>,
    ActingVisitor(visitor): ActingVisitor,
    form: AnsweredForm,
) -> Result<Response, Fault> {
    let key = form.fields.get(KEY).unwrap_or_default();
    if !site.acting.form_keys.is_one(&visitor.name, &form.path, key) {
        let message = "this form was not made for you here: it may be of before a restart";
        return Err(Fault::new(StatusCode::FORBIDDEN, "unknown_form", message)
            .hint("load the page again and send it there"));
    }
    let request = format!("{}\n{}", form.path, form.fields.written_but(KEY));
    let performed = perform(
        site,
        AskedAction {
            key: Some(ActionKey::new(&visitor.name, key, &request)),
            note: form.fields.get("note").map(str::to_owned),
            seen_retry: form.seen_retry,
            wish: form.wish.clone(),
            visitor,
        },
    )
    .await?;
    let run = match &form.wish {
        Wish::Cancel { run } => Some(run),
        _ => performed.run.as_ref(),
    };
    let location = run.and_then(links::run).unwrap_or_else(|| "/schedule".to_owned());
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

//! Why a request has no answer: one JSON shape, wherever it is found out, so that who reads
//! the API need not guess: `{"error":{"code","message","hint"}}`.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

use crate::queries::find_run::FindRunError;
use crate::store::StoreError;

/// The reason.
#[derive(Debug)]
pub(crate) struct Fault {
    status: StatusCode,
    /// For programs; never changes its meaning.
    code: &'static str,
    message: String,
    hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// What was asked for is not there.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// It cannot be asked like that.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// A parameter has a value that means nothing; `known` are those that do.
    pub(crate) fn unknown_value<'k>(
        parameter: &str,
        value: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let message = format!("no {parameter} is called {value:?}");
        let fault = Self::new(StatusCode::BAD_REQUEST, "unknown_value", message);
        match known.as_slice() {
            [] => fault,
            known => fault.hint(format!("known: {}", known.join(", "))),
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        tracing::warn!("a request has no answer: {error}");
        let code = "database_unavailable";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, error.to_string())
    }
}

impl From<FindRunError> for Fault {
    fn from(error: FindRunError) -> Self {
        match error {
            FindRunError::NoRunYet => Self::not_found("there is no run yet"),
            FindRunError::Unknown(part) => Self::not_found(format!("no run has {part:?} in its id")),
            FindRunError::Several { part, .. } => {
                Self::bad_request(format!("more than one run has {part:?} in its id"))
                    .hint("write more of the id")
            }
            FindRunError::Removed(run) => Self::not_found(format!("run {run} is gone")),
            FindRunError::Store(error) => error.into(),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let Self {
            status,
            code,
            message,
            hint,
        } = self;
        let error = json!({ "code": code, "message": message, "hint": hint });
        (status, Json(json!({ "error": error }))).into_response()
    }
}

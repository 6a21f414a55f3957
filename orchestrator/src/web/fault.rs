//! Why a request has no answer: one JSON shape, wherever it is found out, so that who reads
//! the API need not guess: `{"error":{"code","message","hint"}}`. The answer carries the fault
//! itself too: `pages::faults` makes a page of it for whoever asked for one.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;

use crate::queries::collections::RecordsError;
use crate::queries::find_run::FindRunError;
use crate::queries::status::StatusError;
use crate::store::StoreError;

/// The reason.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    /// For programs; never changes its meaning.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// The code of a database that does not answer.
pub(crate) const DATABASE_UNAVAILABLE: &str = "database_unavailable";

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
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            DATABASE_UNAVAILABLE,
            error.to_string(),
        )
    }
}

impl From<StatusError> for Fault {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::Store(error) => error.into(),
            StatusError::Records(error) => error.into(),
        }
    }
}

impl From<RecordsError> for Fault {
    fn from(error: RecordsError) -> Self {
        tracing::warn!("a request has no answer: {error}");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            DATABASE_UNAVAILABLE,
            error.to_string(),
        )
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
        let error = json!({ "code": self.code, "message": self.message, "hint": self.hint });
        let mut response = (self.status, Json(json!({ "error": error }))).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

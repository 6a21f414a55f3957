//! Why a wish is not fulfilled.

use axum::http::StatusCode;

use crate::store::StoreError;
use crate::web::fault::Fault;

/// What kind of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalKind {
    /// What is named is not there.
    Unknown,
    /// It cannot be meant.
    Unusable,
    /// As things stand: it has ended, was done before, is not due.
    Conflict,
    /// Not now: too much goes on, or this process ends.
    Busy,
    /// Something of ours stands in the way.
    Broken,
}

/// A reason, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActionRefusal {
    pub(crate) kind: RefusalKind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl ActionRefusal {
    pub(crate) fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
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

impl From<StoreError> for ActionRefusal {
    fn from(error: StoreError) -> Self {
        Self::new(RefusalKind::Broken, error.to_string())
    }
}

impl From<ActionRefusal> for Fault {
    fn from(refusal: ActionRefusal) -> Self {
        let (status, code) = match refusal.kind {
            RefusalKind::Unknown => (StatusCode::NOT_FOUND, "not_found"),
            RefusalKind::Unusable => (StatusCode::BAD_REQUEST, "bad_request"),
            RefusalKind::Conflict => (StatusCode::CONFLICT, "conflict"),
            RefusalKind::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            RefusalKind::Broken => (StatusCode::SERVICE_UNAVAILABLE, "not_possible_now"),
        };
        Self {
            hint: refusal.hint,
            ..Self::new(status, code, refusal.message)
        }
    }
}

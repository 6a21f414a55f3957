//! Why a request has no answer, as JSON.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};

use crate::queries::find_run::FindRunError;
use crate::store::StoreError;

/// The reason.
pub(crate) enum Fault {
    /// What was asked for is not there.
    NotFound(String),
    /// It cannot be asked like that.
    BadRequest(String),
    /// The database would not.
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<FindRunError> for Fault {
    fn from(error: FindRunError) -> Self {
        match error {
            FindRunError::NoRunYet => Self::NotFound("no run begins with \"last\"".to_owned()),
            FindRunError::Unknown(prefix) => Self::NotFound(format!("no run begins with {prefix:?}")),
            FindRunError::Several { part, .. } => {
                Self::BadRequest(format!("more than one run has {part:?} in its id"))
            }
            FindRunError::Removed(run) => Self::NotFound(format!("run {run} is gone")),
            FindRunError::Store(error) => Self::Store(error),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::NotFound(what) => (StatusCode::NOT_FOUND, what),
            Self::BadRequest(what) => (StatusCode::BAD_REQUEST, what),
            Self::Store(error) => {
                tracing::warn!("a request has no answer: {error}");
                (StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            }
        };
        (status, Json(serde_json::json!({ "error": error }))).into_response()
    }
}

//! What stands in an address, read into types; what cannot be read is refused as everything
//! else is.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::web::fault::Fault;

/// The query: `?last=20`.
pub(crate) struct Parameters<T>(pub(crate) T);

/// A part of the path: `{run}`.
pub(crate) struct PathPart(pub(crate) String);

/// Several parts of the path, in order: `{group}` and `{name}`.
pub(crate) struct PathParts<const COUNT: usize>(pub(crate) [String; COUNT]);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(Fault::bad_request(rejection.body_text())),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathPart {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(part)) => Ok(Self(part)),
            Err(rejection) => Err(Fault::bad_request(rejection.body_text())),
        }
    }
}

impl<const COUNT: usize, S: Send + Sync> FromRequestParts<S> for PathParts<COUNT> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        match Path::<Vec<String>>::from_request_parts(parts, state).await {
            Ok(Path(found)) => {
                let wrong = |_| Fault::not_found("there is nothing here");
                found.try_into().map(Self).map_err(wrong)
            }
            Err(rejection) => Err(Fault::bad_request(rejection.body_text())),
        }
    }
}

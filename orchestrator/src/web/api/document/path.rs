//! A path of the API.

use crate::store::Role;
use crate::web::api::document::shape::Shape;

/// What is known of it.
#[derive(Debug)]
pub(crate) struct ApiPath {
    /// As axum and OpenAPI write it: `/api/v1/runs/{run}`.
    pub(crate) path: &'static str,
    /// What it answers, in a line.
    pub(crate) summary: &'static str,
    /// Who may ask, at least.
    pub(crate) role: Role,
    pub(crate) parameters: &'static [ApiParameter],
    pub(crate) answer: Shape,
}

/// Something that stands in an address.
#[derive(Debug)]
pub(crate) struct ApiParameter {
    pub(crate) name: &'static str,
    pub(crate) place: ParameterPlace,
    pub(crate) shape: Shape,
    pub(crate) meaning: &'static str,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterPlace {
    Path,
    Query,
}

/// A part of the path.
pub(crate) const fn part(name: &'static str, meaning: &'static str) -> ApiParameter {
    ApiParameter {
        name,
        place: ParameterPlace::Path,
        shape: Shape::Text,
        meaning,
    }
}

/// A parameter that may be left out.
pub(crate) const fn query(name: &'static str, shape: Shape, meaning: &'static str) -> ApiParameter {
    ApiParameter {
        name,
        place: ParameterPlace::Query,
        shape,
        meaning,
    }
}

/// Where a list goes on.
pub(crate) const CURSOR: ApiParameter = query(
    "cursor",
    Shape::Text,
    "what `next` of the page before this one was",
);

/// How much of a list is wanted.
pub(crate) const LIMIT: ApiParameter = query(
    "limit",
    Shape::Count,
    "how many, at most 200; 50 where nothing is said",
);

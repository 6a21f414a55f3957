//! How a path of the API becomes a route: by its document, and in no other way.

use std::sync::Arc;

use axum::handler::Handler;

use crate::web::api::document::path::ApiPath;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;

/// The route of a path, from its document.
pub(crate) fn route_of<H, T>(path: &ApiPath, handler: H) -> Routes
where
    H: Handler<T, Arc<Site>>,
    T: 'static,
{
    readable(path.path, DATA, handler)
}

//! What a scheduler answers over HTTP, on loopback: `/healthz`, `/metrics` and a
//! read-only JSON API. Called by `serve`. It reads the store and what the scheduler says
//! of itself; it must never change anything, and never see the engine.
//!
//! The way of a request: `server` accepts it, `routes` leads it past `guard` (is it for
//! us?) to the file of its path, which holds route and handler, and says by a `RoutePolicy`
//! what may be done with it. The answers themselves are those of `queries`.

pub(crate) mod api;
pub(crate) mod fault;
pub(crate) mod guard;
pub(crate) mod pages;
pub(crate) mod probes;
pub(crate) mod route_policy;
pub(crate) mod routes;
pub(crate) mod server;
pub(crate) mod site;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use server::{Listening, listen};
pub(crate) use site::Site;

//! What a scheduler answers over HTTP, on loopback: `/healthz`, `/metrics` and a
//! read-only JSON API. Called by `serve`. It reads the store and what the scheduler says
//! of itself; it must never change anything, and never see the engine.
//!
//! The dashboard's pages have their place at `/`; until they are built it says where the
//! API is.

pub(crate) mod api;
pub(crate) mod fault;
pub(crate) mod gauges;
pub(crate) mod guard;
pub(crate) mod server;

pub use server::{Listening, Site, listen};

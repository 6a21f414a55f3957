//! What a scheduler answers over HTTP, on loopback: `/healthz`, `/metrics` and a
//! read-only JSON API. Called by `serve`. It reads the store and what the scheduler says
//! of itself; it must never change anything, and never see the engine.
//!
//! The dashboard's pages have their place at `/`; until they are built it says where the
//! API is.

mod api;
mod fault;
mod gauges;
mod guard;
mod server;

pub use server::{Listening, Site, listen};

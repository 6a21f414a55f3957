//! What a scheduler answers over HTTP, on loopback: pages, `/healthz`, `/metrics` and a
//! read-only JSON API. Called by `serve`. It reads the store and what the scheduler says
//! of itself; it must never change anything but by `actions` and by signing in, and never see the
//! engine.
//!
//! The way of a request: `server` accepts its connection if `connections` has a place for
//! it, `connection` reads it, `routes` leads it past what `access` asks (is it for us, does it come
//! from a page of ours, who asks?) to the file of its path, which holds route and handler, and says
//! by `route_policy` what may be done with it and by whom. The answers themselves are those of `queries`.

pub(crate) mod access;
pub(crate) mod actions;
pub(crate) mod api;
pub(crate) mod assets;
pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod fault;
pub(crate) mod form;
pub(crate) mod live;
pub(crate) mod pages;
pub(crate) mod parameters;
pub(crate) mod patient_stream;
pub(crate) mod probes;
pub(crate) mod route_policy;
pub(crate) mod routes;
pub(crate) mod schedule_text;
pub(crate) mod server;
pub(crate) mod site;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod views;

pub(crate) use access::entrance::{BROWSER_HOST, Entrance};
pub(crate) use access::sign_in_tries::SignInTries;
pub(crate) use actions::desk::Pending;
pub(crate) use actions::{
    Acting, ActionDesk, ActionPreview, ActionRefusal, PreviewedTask, RefusalKind, Wish,
};
pub(crate) use connections::{Connections, descriptors_for};
pub(crate) use live::feed::LiveFeed;
pub(crate) use live::hub::LiveHub;
pub(crate) use schedule_text::{ReadSchedule, ScheduleProblem, ScheduleText};
pub(crate) use server::{Listening, listen};
pub(crate) use site::{LOG_SEARCHES, Site};

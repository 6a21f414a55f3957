//! Issues, pull requests and releases of repositories on GitHub, over its REST
//! API (docs.github.com/rest). Only where `GITHUB_TOKEN` is set.
//!
//! [`client`] asks, [`answer`] understands what comes back (pure), [`item`] and
//! [`release`] turn it into records (pure), [`marks`] remembers how far a run
//! came, [`collect`] brings them together. The token is in requests to the
//! configured server and nowhere else.

mod answer;
mod client;
mod collect;
mod item;
mod marks;
mod release;
mod repository;

pub(crate) use client::Client;
pub(crate) use collect::all;
pub(crate) use repository::OnGithub;

//! Why a collector ran, did not run, or when it will: its rule, its last slot, what became
//! of it and why, and when it is due next.

pub(crate) mod facts;
pub(crate) mod gather;
pub(crate) mod rule;
pub(crate) mod words;

use serde::Serialize;

use crate::model::Schedule;
use crate::store::{Store, StoreError};

pub(crate) use facts::{WhyFacts, WhyQuestion};

/// A paragraph and what it is made of.
#[derive(Debug, Serialize)]
pub(crate) struct WhyAnswer {
    #[serde(flatten)]
    pub(crate) facts: WhyFacts,
    pub(crate) text: String,
}

impl WhyAnswer {
    /// The command to type next, where something is wrong; a hint may be that command.
    pub(crate) fn command_line(&self) -> Option<&str> {
        let command = self.facts.command_line.as_deref()?;
        (self.facts.hint.as_deref() != Some(command)).then_some(command)
    }
}

/// Answers for every group that has the collector; nothing if nobody knows it.
///
/// # Errors
/// The database fails.
pub(crate) async fn why(
    store: &Store,
    schedule: &Schedule,
    asked: &WhyQuestion<'_>,
) -> Result<Vec<WhyAnswer>, StoreError> {
    let all = gather::gather(store, schedule, asked).await?;
    let answer = |facts| WhyAnswer {
        text: words::words(&facts, asked.now, asked.zone),
        facts,
    };
    Ok(all.into_iter().map(answer).collect())
}

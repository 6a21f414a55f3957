//! Which releases were found, and which task has dealt with which of them. A run's
//! success says so by itself (`write`); an operator may say so by hand.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::database::transaction::Transaction;
use crate::events::TaskSummary;
use crate::model::{CommandName, GroupName, Handled, ReleaseTag, Releases, RunId, TaskStatus};
use crate::store::error::StoreError;
use crate::store::store::Store;

/// A release that was found, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownRelease {
    /// The tag.
    pub tag: String,
    /// When it was found first.
    pub first_seen_at: Timestamp,
    /// By whom it was dealt with, the first one first.
    pub handled: Vec<HandledBy>,
}

/// A task that has dealt with a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandledBy {
    /// Its group.
    pub group: String,
    /// Its collector.
    pub command: String,
    /// When.
    pub at: Timestamp,
    /// The run that did it; `None` if somebody said so by hand.
    pub run: Option<RunId>,
}

/// What was ever found, and what has been done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedReleases {
    /// The tags, in no order.
    pub tags: Vec<String>,
    /// By whom they were dealt with.
    pub handled: BTreeSet<Handled>,
}

const HANDLED: &str = "select tag, group_name, command from releases_handled";

fn handled(rows: Vec<(String, String, String)>) -> BTreeSet<Handled> {
    let handled = |(tag, group, command): (String, String, String)| Handled {
        tag,
        group: GroupName::new(group),
        command: CommandName::new(command),
    };
    rows.into_iter().map(handled).collect()
}

impl Store {
    /// Notes what was found, and adds what has been done about it.
    ///
    /// # Errors
    /// The database fails; then nothing is noted.
    pub async fn note_releases(
        &self,
        found: Vec<ReleaseTag>,
        now: Timestamp,
    ) -> Result<Releases, StoreError> {
        let mut sql = self.database.begin().await?;
        for release in &found {
            note(&mut sql, &release.tag, now).await?;
        }
        let handled = handled(sql.fetch(HANDLED, &[]).await?);
        sql.commit().await?;
        Ok(Releases { found, handled })
    }

    /// What was noted, without asking anybody.
    ///
    /// # Errors
    /// The database fails.
    pub async fn noted_releases(&self) -> Result<NotedReleases, StoreError> {
        let tags: Vec<(String,)> = self.database.fetch("select tag from releases", &[]).await?;
        Ok(NotedReleases {
            tags: tags.into_iter().map(|(tag,)| tag).collect(),
            handled: handled(self.database.fetch(HANDLED, &[]).await?),
        })
    }

    /// Every release that was ever found; the one found last comes last.
    ///
    /// # Errors
    /// The database fails.
    pub async fn known_releases(&self) -> Result<Vec<KnownRelease>, StoreError> {
        let found: Vec<(String, Micros)> = self
            .database
            .fetch(
                "select tag, first_seen_at from releases order by first_seen_at, tag",
                &[],
            )
            .await?;
        let handled: Vec<(String, String, String, Micros, Option<String>)> = self
            .database
            .fetch(
                "select tag, group_name, command, handled_at, run_id from releases_handled
                 order by handled_at, group_name, command",
                &[],
            )
            .await?;
        let of = |tag: &str| -> Vec<HandledBy> {
            let by = handled.iter().filter(|(of, ..)| of == tag);
            by.map(|(_, group, command, at, run)| HandledBy {
                group: group.clone(),
                command: command.clone(),
                at: at.0,
                run: run.as_ref().map(RunId::new),
            })
            .collect()
        };
        Ok(found
            .into_iter()
            .map(|(tag, first_seen_at)| KnownRelease {
                handled: of(&tag),
                first_seen_at: first_seen_at.0,
                tag,
            })
            .collect())
    }

    /// An operator says that a task has dealt with a release, or has yet to. Returns
    /// whether that was news.
    ///
    /// # Errors
    /// The database fails; then nothing is changed.
    pub async fn mark_release(
        &self,
        what: &Handled,
        handled: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut sql = self.database.begin().await?;
        note(&mut sql, &what.tag, now).await?;
        let (group, command) = (what.group.as_str(), what.command.as_str());
        let changed = if handled {
            mark(&mut sql, &what.tag, group, command, now, None).await?
        } else {
            sql.execute(
                "delete from releases_handled where tag = $1 and group_name = $2 and command = $3",
                &args![&what.tag, group, command],
            )
            .await?
        };
        sql.commit().await?;
        Ok(changed > 0)
    }
}

/// A task of a run has ended: if it succeeded, what it was run for is dealt with, but for
/// what it has put off.
pub(crate) async fn settle_releases(
    sql: &mut Transaction,
    run: &RunId,
    task: &TaskSummary,
    now: Timestamp,
) -> Result<(), StoreError> {
    if task.outcome == TaskStatus::Succeeded {
        let done = |tag: &&String| !task.deferred.contains(tag);
        for tag in task.releases.iter().filter(done) {
            note(sql, tag, now).await?;
            mark(sql, tag, &task.group, &task.command, now, Some(run)).await?;
        }
    }
    Ok(())
}

async fn note(sql: &mut Transaction, tag: &str, now: Timestamp) -> Result<(), StoreError> {
    sql.execute(
        "insert into releases (tag, first_seen_at) values ($1, $2) on conflict (tag) do nothing",
        &args![tag, now],
    )
    .await?;
    Ok(())
}

async fn mark(
    sql: &mut Transaction,
    tag: &str,
    group: &str,
    command: &str,
    now: Timestamp,
    run: Option<&RunId>,
) -> Result<u64, StoreError> {
    Ok(sql
        .execute(
            "insert into releases_handled (tag, group_name, command, handled_at, run_id)
             values ($1, $2, $3, $4, $5) on conflict (tag, group_name, command) do nothing",
            &args![tag, group, command, now, run],
        )
        .await?)
}

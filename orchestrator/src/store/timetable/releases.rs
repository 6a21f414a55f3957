//! Which releases were found, and which task has dealt with which of them. A run's
//! success says so by itself (`write`); an operator may say so by hand.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::database::transaction::Transaction;
use crate::events::TaskSummary;
use crate::model::{
    CommandName, GroupName, Handled, ReleaseSource, ReleaseTag, Releases, RunId, TaskName, TaskStatus,
};
use crate::store::error::StoreError;
use crate::store::store::Store;

/// A release that was found, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownRelease {
    /// The key of the source that has it; empty for one of before sources were told apart,
    /// until its source is asked again.
    pub source: String,
    /// As the source has it: `boost-1.90.0`.
    pub tag: String,
    /// When it was found first.
    pub first_seen_at: Timestamp,
    /// By whom it was dealt with, the first one first.
    pub handled: Vec<HandledBy>,
}

/// A task that has dealt with a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandledBy {
    /// Of the task, as in the schedule.
    pub group: String,
    /// Its name in the group.
    pub name: String,
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

const HANDLED: &str = "select tag, group_name, name from releases_handled where source = $1";

fn handled(rows: Vec<(String, String, String)>) -> BTreeSet<Handled> {
    let handled = |(tag, group, name): (String, String, String)| Handled {
        tag,
        group: GroupName::new(group),
        name: TaskName::new(name),
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
        source: &ReleaseSource,
        found: Vec<ReleaseTag>,
        now: Timestamp,
    ) -> Result<Releases, StoreError> {
        let source = source.key();
        let mut sql = self.database.begin().await?;
        adopt(&mut sql, &source, &found).await?;
        for release in &found {
            note(&mut sql, &source, &release.tag, now).await?;
        }
        let handled = handled(sql.fetch(HANDLED, &args![&source]).await?);
        sql.commit().await?;
        Ok(Releases {
            source,
            found,
            handled,
        })
    }

    /// What was noted of a source, without asking anybody.
    ///
    /// # Errors
    /// The database fails.
    pub async fn noted_releases(&self, source: &ReleaseSource) -> Result<NotedReleases, StoreError> {
        let source = source.key();
        let tags: Vec<(String,)> = self
            .database
            .fetch("select tag from releases where source = $1", &args![&source])
            .await?;
        Ok(NotedReleases {
            tags: tags.into_iter().map(|(tag,)| tag).collect(),
            handled: self.handled_releases(&source).await?,
        })
    }

    /// What has been done about the releases of a source, which is named by its key.
    ///
    /// # Errors
    /// The database fails.
    pub async fn handled_releases(&self, source: &str) -> Result<BTreeSet<Handled>, StoreError> {
        Ok(handled(self.database.fetch(HANDLED, &args![source]).await?))
    }

    /// Every release that was ever found; the one found last comes last.
    ///
    /// # Errors
    /// The database fails.
    pub async fn known_releases(&self) -> Result<Vec<KnownRelease>, StoreError> {
        let found: Vec<(String, String, Micros)> = self
            .database
            .fetch(
                "select source, tag, first_seen_at from releases order by first_seen_at, source, tag",
                &[],
            )
            .await?;
        type HandledColumns = (String, String, String, String, String, Micros, Option<String>);
        let handled: Vec<HandledColumns> = self
            .database
            .fetch(
                "select source, tag, group_name, name, command, handled_at, run_id from releases_handled
                 order by handled_at, group_name, name",
                &[],
            )
            .await?;
        let of = |from: &str, tag: &str| -> Vec<HandledBy> {
            let by = handled
                .iter()
                .filter(|(source, of, ..)| source == from && of == tag);
            by.map(|(_, _, group, name, command, at, run)| HandledBy {
                group: group.clone(),
                name: name.clone(),
                command: command.clone(),
                at: at.0,
                run: run.as_ref().map(RunId::new),
            })
            .collect()
        };
        Ok(found
            .into_iter()
            .map(|(source, tag, first_seen_at)| KnownRelease {
                handled: of(&source, &tag),
                first_seen_at: first_seen_at.0,
                source,
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
        (source, command): (&str, &CommandName),
        what: &Handled,
        handled: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut sql = self.database.begin().await?;
        note(&mut sql, source, &what.tag, now).await?;
        let changed = if handled {
            mark(&mut sql, (source, command.as_str()), what, now, None).await?
        } else {
            sql.execute(
                "delete from releases_handled
                 where source = $1 and tag = $2 and group_name = $3 and name = $4",
                &args![source, &what.tag, what.group.as_str(), what.name.as_str()],
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
    if task.outcome != TaskStatus::Succeeded {
        return Ok(());
    }
    let done = task.releases.iter().filter(|tag| !task.deferred.contains(tag));
    let dealt_with = DealtWith {
        // A run of before sources were told apart does not say.
        source: task.release_source.as_deref().unwrap_or_default(),
        tags: done.map(String::as_str).collect(),
        group: &task.group,
        name: &task.name,
        command: &task.command,
    };
    settle_dealt_with(sql, run, &dealt_with, now).await
}

/// Releases of a source, and the task that has dealt with them.
pub(crate) struct DealtWith<'a> {
    pub(crate) source: &'a str,
    pub(crate) tags: Vec<&'a str>,
    pub(crate) group: &'a str,
    pub(crate) name: &'a str,
    pub(crate) command: &'a str,
}

/// They are not run again for this task.
pub(crate) async fn settle_dealt_with(
    sql: &mut Transaction,
    run: &RunId,
    by: &DealtWith<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for tag in &by.tags {
        note(sql, by.source, tag, now).await?;
        let what = Handled {
            tag: (*tag).to_owned(),
            group: GroupName::new(by.group),
            name: TaskName::new(by.name),
        };
        mark(sql, (by.source, by.command), &what, now, Some(run)).await?;
    }
    Ok(())
}

/// What was noted before sources were told apart belongs to the source that has the tag.
async fn adopt(sql: &mut Transaction, source: &str, found: &[ReleaseTag]) -> Result<(), StoreError> {
    let orphans: Vec<(String,)> = sql
        .fetch("select tag from releases where source = ''", &[])
        .await?;
    let has = |tag: &String| found.iter().any(|release| release.tag == *tag);
    for (tag,) in orphans.into_iter().filter(|(tag,)| has(tag)) {
        for statement in [
            "update releases set source = $1 where source = '' and tag = $2
               and not exists (select 1 from releases known where known.source = $1 and known.tag = $2)",
            "update releases_handled set source = $1 where source = '' and tag = $2
               and not exists (select 1 from releases_handled known where known.source = $1
                   and known.tag = $2 and known.group_name = releases_handled.group_name
                   and known.name = releases_handled.name)",
        ] {
            sql.execute(statement, &args![source, &tag]).await?;
        }
    }
    Ok(())
}

async fn note(sql: &mut Transaction, source: &str, tag: &str, now: Timestamp) -> Result<(), StoreError> {
    sql.execute(
        "insert into releases (source, tag, first_seen_at) values ($1, $2, $3)
         on conflict (source, tag) do nothing",
        &args![source, tag, now],
    )
    .await?;
    Ok(())
}

async fn mark(
    sql: &mut Transaction,
    (source, command): (&str, &str),
    what: &Handled,
    now: Timestamp,
    run: Option<&RunId>,
) -> Result<u64, StoreError> {
    Ok(sql
        .execute(
            "insert into releases_handled (source, tag, group_name, name, command, handled_at, run_id)
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (source, tag, group_name, name) do nothing",
            &args![
                source,
                &what.tag,
                what.group.as_str(),
                what.name.as_str(),
                command,
                now,
                run
            ],
        )
        .await?)
}

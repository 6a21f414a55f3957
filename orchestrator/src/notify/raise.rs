//! From how runs ended, and from slots that nobody ran in time, to what has to be told.

use jiff::Timestamp;

use crate::events::SlotRef;
use crate::model::{EndKind, NoticeChannel, NoticeKind, OutcomeKind, RunId, Task, judge, judge_unknown};
use crate::notify::notifier::Notifier;
use crate::store::{Notice, Store, StoreError, TaskEnd};

/// Runs that are looked at in one go.
const RUNS: u32 = 500;

/// A task that somebody is notified of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticedTask {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) command: String,
}

impl From<&Task> for NoticedTask {
    fn from(task: &Task) -> Self {
        Self {
            group: task.group.to_string(),
            name: task.name.to_string(),
            command: task.command.to_string(),
        }
    }
}

/// A slot that did not run or began late, and for which tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotNotice {
    /// The entry of the timetable and the planned instant.
    pub slot: SlotRef,
    /// Those that were to run at it.
    pub tasks: Vec<NoticedTask>,
    /// What happened, in words.
    pub reason: String,
}

impl Notifier {
    /// Looks at every finished run that nobody has looked at, and writes down who has to
    /// be told what. With no channel there is nobody to be told, now or later.
    ///
    /// # Errors
    /// The database fails; what was looked at until then stays so.
    pub async fn raise(&self, store: &Store) -> Result<(), StoreError> {
        let now = self.clock.now();
        for (run, quiet) in store.unjudged_runs(RUNS).await? {
            let ends = if quiet || self.channels.is_empty() {
                Vec::new()
            } else {
                store.task_ends(&run).await?
            };
            let notices: Vec<Notice> = ends
                .iter()
                .flat_map(|end| {
                    self.channels
                        .iter()
                        .filter_map(|channel| notice(channel, &run, end, now))
                })
                .collect();
            store.mark_judged(&run, &notices).await?;
        }
        Ok(())
    }

    /// Writes down that nobody ran a slot.
    ///
    /// # Errors
    /// The database fails.
    pub async fn raise_missed(&self, store: &Store, missed: &SlotNotice) -> Result<(), StoreError> {
        let now = self.clock.now();
        let notices: Vec<Notice> = self
            .channels
            .iter()
            .flat_map(|channel| missed.notices(NoticeKind::Missed, channel, 1, now))
            .collect();
        if notices.is_empty() {
            return Ok(());
        }
        store.raise(&notices).await
    }

    /// Writes down that a slot began late, for whom (a channel) and for the how-manieth time
    /// in a row.
    ///
    /// # Errors
    /// The database fails.
    pub async fn raise_late(
        &self,
        store: &Store,
        late: &SlotNotice,
        channels: &[(String, u64)],
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let named = |name: &str| self.channels.iter().find(|channel| channel.name == name);
        let notices: Vec<Notice> = channels
            .iter()
            .filter_map(|(channel, in_a_row)| Some((named(channel)?, *in_a_row)))
            .flat_map(|(channel, in_a_row)| late.notices(NoticeKind::Late, channel, in_a_row, now))
            .collect();
        store.raise(&notices).await
    }
}

fn notice(channel: &NoticeChannel, run: &RunId, end: &TaskEnd, now: Timestamp) -> Option<Notice> {
    let ended = match (end.outcome, &end.suspect) {
        (OutcomeKind::Succeeded, None) => Some(EndKind::Well),
        (OutcomeKind::Succeeded, Some(_)) => Some(EndKind::Suspect),
        (OutcomeKind::Skipped, _) => None,
        _ => Some(EndKind::Badly),
    };
    let judged = match ended {
        Some(ended) => judge(end.before, ended, channel.after)?,
        None => judge_unknown(end.before.bad)?,
    };
    channel.wants(judged.kind, &end.group, &end.name).then(|| Notice {
        subject: format!("{run}/{}", end.position),
        channel: channel.name.clone(),
        kind: judged.kind,
        group: end.group.clone(),
        name: end.name.clone(),
        command: end.command.clone(),
        run: Some(run.clone()),
        at: now,
        reason: end.suspect.clone().unwrap_or_else(|| end.reason.clone()),
        in_a_row: judged.in_a_row,
        batch: run.to_string(),
        hint: end.hint.clone(),
        tail: end.tail.clone(),
    })
}

impl SlotNotice {
    /// One for each task that the channel wants to hear of.
    fn notices(
        &self,
        kind: NoticeKind,
        channel: &NoticeChannel,
        in_a_row: u64,
        now: Timestamp,
    ) -> Vec<Notice> {
        let Self { slot, tasks, reason } = self;
        // A slot is missed or late; that it is late may be said of one that was missed by mistake.
        let of = match kind {
            NoticeKind::Late => "late ",
            _ => "",
        };
        let batch = format!("{of}{}@{}", slot.entry, slot.at);
        let notice = |(place, task): (usize, &NoticedTask)| {
            channel.wants(kind, &task.group, &task.name).then(|| Notice {
                subject: format!("{batch}/{place}"),
                channel: channel.name.clone(),
                kind,
                group: task.group.clone(),
                name: task.name.clone(),
                command: task.command.clone(),
                run: None,
                at: now,
                reason: format!("slot {} of {}: {reason}", slot.at, slot.entry),
                in_a_row,
                batch: batch.clone(),
                hint: None,
                tail: Vec::new(),
            })
        };
        tasks.iter().enumerate().filter_map(notice).collect()
    }
}

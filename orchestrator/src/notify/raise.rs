//! From how runs ended to what has to be told.

use jiff::Timestamp;

use crate::events::SlotRef;
use crate::model::{EndKind, NoticeChannel, NoticeKind, OutcomeKind, RunId, judge};
use crate::store::{Notice, Store, StoreError, TaskEnd};

/// Runs that are looked at in one go.
const RUNS: u32 = 500;

/// Looks at every finished run that nobody has looked at, and writes down who has to
/// be told what. With no channel there is nobody to be told, now or later.
///
/// # Errors
/// The database fails; what was looked at until then stays so.
pub async fn raise(store: &Store, channels: &[NoticeChannel], now: Timestamp) -> Result<(), StoreError> {
    for run in store.unjudged_runs(RUNS).await? {
        let ends = if channels.is_empty() {
            Vec::new()
        } else {
            store.task_ends(&run).await?
        };
        let notices: Vec<Notice> = ends
            .iter()
            .flat_map(|end| {
                channels
                    .iter()
                    .filter_map(|channel| notice(channel, &run, end, now))
            })
            .collect();
        store.mark_judged(&run, &notices).await?;
    }
    Ok(())
}

fn notice(channel: &NoticeChannel, run: &RunId, end: &TaskEnd, now: Timestamp) -> Option<Notice> {
    let ended = match (end.outcome, &end.suspect) {
        (OutcomeKind::Succeeded, None) => EndKind::Well,
        (OutcomeKind::Succeeded, Some(_)) => EndKind::Suspect,
        _ => EndKind::Badly,
    };
    let judged = judge(end.before, ended, channel.after)?;
    channel.kinds.contains(&judged.kind).then(|| Notice {
        subject: format!("{run}/{}", end.position),
        channel: channel.name.clone(),
        kind: judged.kind,
        group: end.group.clone(),
        command: end.command.clone(),
        run: Some(run.clone()),
        at: now,
        reason: end.suspect.clone().unwrap_or_else(|| end.reason.clone()),
        in_a_row: judged.in_a_row,
    })
}

/// Writes down that nobody ran a slot, for these tasks, as group and collector.
///
/// # Errors
/// The database fails.
pub async fn missed(
    store: &Store,
    channels: &[NoticeChannel],
    slot: &SlotRef,
    tasks: &[(String, String)],
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let what = SlotEvent {
        kind: NoticeKind::Missed,
        slot,
        tasks,
        reason,
        now,
    };
    let wanted = channels
        .iter()
        .filter(|channel| channel.kinds.contains(&NoticeKind::Missed));
    let notices: Vec<Notice> = wanted
        .flat_map(|channel| what.notices(&channel.name, 1))
        .collect();
    if notices.is_empty() {
        return Ok(());
    }
    store.raise(&notices).await
}

/// Writes down that a slot began late, for whom (a channel) and for the how-manieth time in
/// a row.
///
/// # Errors
/// The database fails.
pub async fn late(
    store: &Store,
    told: &[(String, u64)],
    slot: &SlotRef,
    tasks: &[(String, String)],
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let what = SlotEvent {
        kind: NoticeKind::Late,
        slot,
        tasks,
        reason,
        now,
    };
    let notices: Vec<Notice> = told
        .iter()
        .flat_map(|(channel, in_a_row)| what.notices(channel, *in_a_row))
        .collect();
    store.raise(&notices).await
}

/// What happened to a slot, and to whose tasks.
struct SlotEvent<'a> {
    kind: NoticeKind,
    slot: &'a SlotRef,
    tasks: &'a [(String, String)],
    reason: &'a str,
    now: Timestamp,
}

impl SlotEvent<'_> {
    /// One for each task.
    fn notices(&self, channel: &str, in_a_row: u64) -> Vec<Notice> {
        // A slot is missed or late; that it is late may be said of one that was missed by mistake.
        let of = match self.kind {
            NoticeKind::Late => "late ",
            _ => "",
        };
        let slot = self.slot;
        let notice = |(place, (group, command)): (usize, &(String, String))| Notice {
            subject: format!("{of}{}@{}/{place}", slot.entry, slot.at),
            channel: channel.to_owned(),
            kind: self.kind,
            group: group.clone(),
            command: command.clone(),
            run: None,
            at: self.now,
            reason: format!("slot {} of {}: {}", slot.at, slot.entry, self.reason),
            in_a_row,
        };
        self.tasks.iter().enumerate().map(notice).collect()
    }
}

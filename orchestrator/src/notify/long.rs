//! A task that still runs and has taken far longer than it usually does: who cares is told
//! once, while it can still be ended.

use std::time::Duration;

use crate::events::TaskRef;
use crate::model::{NoticeChannel, NoticeKind, RunId, unusually_long};
use crate::notify::notifier::Notifier;
use crate::store::{Notice, Store, StoreError};
use crate::text::human_duration;

impl Notifier {
    /// Whether anybody cares.
    pub fn watches_length(&self) -> bool {
        let mut channels = self.channels.iter();
        channels.any(|channel| channel.kinds.contains(&NoticeKind::Long))
    }

    /// After how long a task that usually takes `usual` is unusually long, and for whom; the
    /// soonest first.
    pub fn length_limits(&self, task: &TaskRef, usual: Duration) -> Vec<(Duration, String)> {
        let wants = |channel: &&NoticeChannel| channel.wants(NoticeKind::Long, &task.group, &task.name);
        let limit =
            |channel: &NoticeChannel| (unusually_long(usual, channel.long_after), channel.name.clone());
        let mut limits: Vec<_> = self.channels.iter().filter(wants).map(limit).collect();
        limits.sort();
        limits
    }

    /// Writes down that a task of a run is unusually long, for a channel: after how long, and how
    /// long it usually takes. Said twice, it is told once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn raise_long(
        &self,
        store: &Store,
        run: &RunId,
        task: &TaskRef,
        (channel, after, usual): (&str, Duration, Duration),
    ) -> Result<(), StoreError> {
        let batch = format!("long {run}");
        let notice = Notice {
            subject: format!("{batch}/{}", task.position),
            channel: channel.to_owned(),
            kind: NoticeKind::Long,
            group: task.group.clone(),
            name: task.name.clone(),
            command: task.command.clone(),
            run: Some(run.clone()),
            at: self.clock.now(),
            reason: format!(
                "it has run for {} and still goes on; usually it takes {}",
                human_duration(after),
                human_duration(usual)
            ),
            in_a_row: 1,
            batch,
            hint: Some(format!("orchestrate cancel {run} ends it")),
            tail: Vec::new(),
        };
        store.raise(&[notice]).await
    }
}

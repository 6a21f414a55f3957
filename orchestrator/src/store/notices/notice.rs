//! A notice and what became of it.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::types::Json;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::model::words::words;
use crate::model::{NoticeKind, RunId};
use crate::store::error::StoreError;
use crate::store::store::Store;

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What it is about; with the channel it is unique.
    pub subject: String,
    /// To whom.
    pub channel: String,
    /// What.
    pub kind: NoticeKind,
    /// The group of the task.
    pub group: String,
    /// The task's name in it.
    pub name: String,
    /// The collector.
    pub command: String,
    /// The run, if there was one.
    pub run: Option<RunId>,
    /// When it happened.
    pub at: Timestamp,
    /// In words; untrusted text.
    pub reason: String,
    /// How many of its kind in a row it stands for.
    pub in_a_row: u64,
    /// What is told together with it: the run, or the slot.
    #[serde(skip)]
    pub batch: String,
    /// What to do about it, where we know.
    pub hint: Option<String>,
    /// The last lines of its output; untrusted text.
    pub tail: Vec<String>,
}

words! {
    /// How far the delivery of a notice is.
    pub enum NoticeState {
        /// It is tried, or tried again.
        Pending = "pending",
        /// They were told.
        Delivered = "delivered",
        /// It was tried for a day.
        GivenUp = "given_up",
    }
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedNotice {
    /// What was to be told.
    #[serde(flatten)]
    pub notice: Notice,
    /// How far its delivery is.
    pub state: NoticeState,
    /// How often it was tried.
    pub tries: u64,
    /// Why the last try failed.
    pub error: Option<String>,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
pub(super) struct NoticeColumns {
    subject: String,
    channel: String,
    kind: String,
    group_name: String,
    name: String,
    command: String,
    run_id: Option<String>,
    at: Micros,
    reason: String,
    in_a_row: i64,
    batch: String,
    hint: Option<String>,
    tail: Json<Vec<String>>,
    tries: i64,
    error: Option<String>,
    delivered_at: Option<Micros>,
    given_up_at: Option<Micros>,
}

impl NoticeColumns {
    pub(super) fn read(self) -> Result<RecordedNotice, StoreError> {
        let kind = NoticeKind::parse(&self.kind)
            .ok_or_else(|| StoreError::unknown_word("the kind of a notice", &self.kind))?;
        Ok(RecordedNotice {
            state: match (self.delivered_at, self.given_up_at) {
                (Some(_), _) => NoticeState::Delivered,
                (None, Some(_)) => NoticeState::GivenUp,
                (None, None) => NoticeState::Pending,
            },
            tries: u64::try_from(self.tries).unwrap_or(0),
            error: self.error,
            delivered_at: self.delivered_at.map(Timestamp::from),
            notice: Notice {
                subject: self.subject,
                channel: self.channel,
                kind,
                group: self.group_name,
                name: self.name,
                command: self.command,
                run: self.run_id.map(RunId::new),
                at: self.at.0,
                reason: self.reason,
                in_a_row: u64::try_from(self.in_a_row).unwrap_or(0),
                batch: self.batch,
                hint: self.hint,
                tail: self.tail.0,
            },
        })
    }
}

impl Store {
    /// The newest notices and what became of them, the newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn notices(&self, limit: u32) -> Result<Vec<RecordedNotice>, StoreError> {
        let rows: Vec<NoticeColumns> = self
            .database
            .fetch(
                "select * from notices order by at desc, subject, channel limit $1",
                &args![limit],
            )
            .await?;
        rows.into_iter().map(NoticeColumns::read).collect()
    }
}

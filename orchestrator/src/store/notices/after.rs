//! Notices from a place of their list on: the newest first, and what comes meanwhile moves nothing.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::store::error::StoreError;
use crate::store::notices::notice::{NoticeColumns, RecordedNotice};
use crate::store::store::Store;

/// The place of a notice in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticePlace {
    /// When what it tells happened.
    pub at: Timestamp,
    /// What it is about.
    pub subject: String,
    /// To whom.
    pub channel: String,
}

impl Store {
    /// At most `most` of those after `after`; from the newest on where nothing is said.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn notices_after(
        &self,
        after: Option<&NoticePlace>,
        most: u32,
    ) -> Result<Vec<RecordedNotice>, StoreError> {
        let Some(after) = after else {
            return self.notices(most).await;
        };
        let rows: Vec<NoticeColumns> = self
            .database
            .fetch(
                "select * from notices where at <= $1 and (at < $1 or (subject, channel) > ($2, $3))
                 order by at desc, subject, channel limit $4",
                &args![after.at, &after.subject, &after.channel, most],
            )
            .await?;
        rows.into_iter().map(NoticeColumns::read).collect()
    }
}

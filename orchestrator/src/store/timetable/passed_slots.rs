//! Slots that no run of a task reached: they are part of its history.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::model::SkipCause;
use crate::store::error::StoreError;
use crate::store::runs::known_tasks::KnownTask;
use crate::store::runs::newest::asked;
use crate::store::store::Store;
use crate::store::timetable::ledger::{LedgerColumns, LedgerRow};

/// Which slots to list.
#[derive(Debug, Clone)]
pub struct SlotFilter<'a> {
    /// Of these tasks.
    pub tasks: &'a [KnownTask],
    /// Only those that were skipped.
    pub skipped_only: bool,
    /// Then or later.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// The newest so many.
    pub last: u32,
}

/// A cross join begins with what stands first, see `newest`: here with the few tasks. Release
/// checks are left out, and slots that were only of others: a weekly task has a row each day.
macro_rules! not_run {
    () => {
        "select l.entry, l.slot, l.group_name, l.name, l.state, l.cause, s.run_id
         from asked a cross join ledger l join slots s on s.entry = l.entry and s.slot = l.slot
         where l.group_name = a.group_name and l.name = a.name and l.slot >= $2 and l.slot < $3
           and l.state in ('due', 'skipped', 'missed', 'unknown') and (l.state = 'skipped' or $4 = 0)
           and not (l.entry >= $9 and l.entry < $10)
           and not (l.state = 'skipped' and (substr(l.cause, 1, length($5)) = $5
               or substr(l.cause, 1, length($6)) = $6 or substr(l.cause, 1, length($7)) = $7))
           and not exists (select 1 from tasks t where t.run_id = s.run_id and t.position = l.position)
         order by l.slot desc, l.group_name, l.name limit $8"
    };
}

const NOT_RUN: (&str, &str) = (
    concat!(asked!(sqlite ""), not_run!()),
    concat!(asked!(postgres ""), not_run!()),
);

impl Store {
    /// Slots that no run of their task reached, newest first.
    ///
    /// # Errors
    /// The database fails, or holds something that cannot be read.
    pub async fn slots_not_run(&self, filter: &SlotFilter<'_>) -> Result<Vec<LedgerRow>, StoreError> {
        let asked = filter.tasks.iter().map(|task| [&task.group, &task.name]);
        let asked: serde_json::Value = asked.map(|names| serde_json::json!(names)).collect();
        let [disabled, not_due, new] = SkipCause::NOT_ITS_TURN;
        let args = args![
            &asked.to_string(),
            filter.since.unwrap_or(Timestamp::MIN),
            filter.until.unwrap_or(Timestamp::MAX),
            u32::from(filter.skipped_only),
            disabled,
            not_due,
            new,
            filter.last,
            // Entries of release checks are called `release:` and their group.
            "release:",
            "release;"
        ];
        let sql = self.database.text(NOT_RUN.0, NOT_RUN.1);
        let rows: Vec<LedgerColumns> = self.database.fetch(sql, &args).await?;
        rows.into_iter().map(LedgerColumns::read).collect()
    }
}

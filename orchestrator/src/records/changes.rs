//! What deliveries changed: the old value and the new one, kept in the transaction that takes
//! a delivery and forgotten with its run. Bounded: of each kind the first changes of a delivery,
//! by collection and key, within a number and a size; how many there were is in `deliveries`.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::database::DatabaseError;
use crate::database::arg::{Arg, args};
use crate::database::columns::Micros;
use crate::database::limits::WORK;
use crate::model::RunId;
use crate::model::words::words;
use crate::records::error::RecordsError;
use crate::records::records::Records;

/// Keeps the changes of one kind of a delivery (`$1` unless said) that `rows` finds, in the
/// order in which it finds them, with `before` and `after`: at most ten thousand, and of them as
/// many as have eight million characters together.
macro_rules! keep_changes {
    ($kind:literal, $rows:expr) => {
        $crate::records::changes::keep_changes!("$1", $kind, $rows)
    };
    ($ingest:literal, $kind:literal, $rows:expr) => {
        concat!(
            "insert into record_changes (ingest, collection, key, change, before, after)
             select ",
            $ingest,
            ", collection, key, '",
            $kind,
            "', before, after from (
                 select collection, key, before, after, sum(
                     coalesce(length(cast(before as text)), 0) + coalesce(length(cast(after as text)), 0))
                     over (order by collection, key) as total
                 from (",
            $rows,
            " limit 10000) as found) as measured
             where total <= 8000000 order by collection, key"
        )
    };
}
pub(super) use keep_changes;

words! {
    /// What became of a record.
    pub enum RecordChangeKind {
        /// It was not there before.
        New = "new",
        /// It was there with other data.
        Changed = "changed",
        /// A census of its collection did not find it any more. It is kept as it was.
        Gone = "gone",
    }
}

/// What a delivery made of a record. Its serialized form is a contract: keys may be added.
#[derive(Debug, Clone, Serialize)]
pub struct RecordChange {
    /// What it was delivered under.
    pub collection: String,
    /// Unique in the collection.
    pub key: String,
    /// What became of it.
    pub change: RecordChangeKind,
    /// Its data before, as JSON; `None` if it was not there.
    pub before: Option<Box<RawValue>>,
    /// Its data since; `None` if it is gone.
    pub after: Option<Box<RawValue>>,
    /// The run of the delivery.
    pub run: RunId,
    /// The group of the task that delivered.
    pub group: String,
    /// The task's name in it.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

/// A delivery to a collection of which fewer changes are kept than there were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesCut {
    /// The collection.
    pub collection: String,
    /// The run of the delivery.
    pub run: RunId,
    /// How many records it changed.
    pub changes: u64,
    /// Of how many it is kept.
    pub kept: u64,
}

/// Of which deliveries.
#[derive(Debug, Clone, Default)]
pub struct ChangeFilter {
    /// Those of this run; `None` for any.
    pub run: Option<RunId>,
    /// Those of this task, by group and name.
    pub task: Option<(String, String)>,
    /// Those since then.
    pub since: Option<Timestamp>,
}

type Row = (
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    String,
    String,
    String,
    Micros,
);

/// The deliveries of [`ChangeFilter`], as statements end.
macro_rules! of_run {
    () => {
        "i.run_id = $1 and ($2 = '' or i.group_name = $2 and i.name = $3) and i.at >= $4"
    };
}
macro_rules! of_time {
    () => {
        "$1 = '' and ($2 = '' or i.group_name = $2 and i.name = $3) and i.at >= $4"
    };
}

macro_rules! rows {
    ($which:expr) => {
        concat!(
            "select c.collection, c.key, c.change, cast(c.before as text), cast(c.after as text),
                 i.run_id, i.group_name, i.name, i.at
             from ingests i join record_changes c on c.ingest = i.id
             where ",
            $which,
            " order by c.collection, c.key, c.ingest"
        )
    };
}

macro_rules! cuts {
    ($which:expr) => {
        concat!(
            "select collection, run_id, changes, kept from (
                 select d.collection, i.run_id, i.id, d.added + d.changed + d.gone as changes,
                     (select count(*) from record_changes c
                      where c.ingest = d.ingest and c.collection = d.collection) as kept
                 from ingests i join deliveries d on d.ingest = i.id
                 where ",
            $which,
            ") as counted where kept < changes order by collection, id limit 1000"
        )
    };
}

impl ChangeFilter {
    fn args(&self) -> [Arg; 4] {
        let (group, name) = match &self.task {
            Some((group, name)) => (group.as_str(), name.as_str()),
            None => ("", ""),
        };
        let run = self.run.as_ref().map_or("", RunId::as_str);
        let since = self.since.map_or(i64::MIN, Timestamp::as_microsecond);
        args![run, group, name, since]
    }
}

impl Records {
    /// Gives the kept changes to `each`, in order of collection, key and delivery.
    ///
    /// # Errors
    /// The database fails, or `each` does.
    pub async fn changes(
        &self,
        wanted: &ChangeFilter,
        mut each: impl FnMut(&RecordChange) -> std::io::Result<()>,
    ) -> Result<(), RecordsError> {
        let sql = match wanted.run {
            Some(_) => rows!(of_run!()),
            None => rows!(of_time!()),
        };
        let mut snapshot = self.database.snapshot().await?;
        snapshot.allow(WORK);
        let read = |row: Row| each(&change(row)?).map_err(RecordsError::Output);
        snapshot.fetch_each(sql, &wanted.args(), read).await?;
        Ok(snapshot.commit().await?)
    }

    /// Where fewer changes are kept than there were, of a thousand deliveries at most.
    ///
    /// # Errors
    /// The database fails.
    pub async fn changes_cut(&self, wanted: &ChangeFilter) -> Result<Vec<ChangesCut>, RecordsError> {
        let sql = match wanted.run {
            Some(_) => cuts!(of_run!()),
            None => cuts!(of_time!()),
        };
        let rows: Vec<(String, String, i64, i64)> =
            self.database.fetch_within(WORK, sql, &wanted.args()).await?;
        let count = |value: i64| u64::try_from(value).unwrap_or_default();
        let cut = |(collection, run, changes, kept)| ChangesCut {
            collection,
            run: RunId::new(run),
            changes: count(changes),
            kept: count(kept),
        };
        Ok(rows.into_iter().map(cut).collect())
    }

    /// The newest run in which something was delivered, by this task (group and name) or by any.
    ///
    /// # Errors
    /// The database fails.
    pub async fn newest_run(&self, task: Option<&(String, String)>) -> Result<Option<RunId>, RecordsError> {
        const SQL: &str = "select i.run_id from ingests i
             where ($1 = '' or i.group_name = $1 and i.name = $2)
                 and exists (select 1 from deliveries d where d.ingest = i.id)
             order by i.at desc, i.id desc limit 1";
        let (group, name) = task.map_or(("", ""), |(group, name)| (group.as_str(), name.as_str()));
        let rows: Vec<(String,)> = self.database.fetch(SQL, &args![group, name]).await?;
        Ok(rows.into_iter().next().map(|(run,)| RunId::new(run)))
    }
}

fn change(row: Row) -> Result<RecordChange, RecordsError> {
    let (collection, key, kind, before, after, run, group, name, at) = row;
    let data = |text: Option<String>| {
        text.map(RawValue::from_string)
            .transpose()
            .map_err(|error| DatabaseError::unreadable("data", error))
    };
    Ok(RecordChange {
        collection,
        key,
        change: RecordChangeKind::parse(&kind)
            .ok_or_else(|| DatabaseError::unreadable("change", format!("{kind:?} is no change")))?,
        before: data(before)?,
        after: data(after)?,
        run: RunId::new(run),
        group,
        name,
        at: at.into(),
    })
}

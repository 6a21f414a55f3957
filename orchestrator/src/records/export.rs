//! Reading records back: the list of collections, one record, and whole collections
//! row by row in bounded memory, as of one moment. The first row comes at once,
//! however many there are: rows are read in the order of the key.

use std::io;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::database::limits::WORK;
use crate::database::{Database, DatabaseError};
use crate::events::RecordCounts;
use crate::records::error::RecordsError;
use crate::records::records::Records;

/// How many rows one statement reads; rows come singly, whatever their size.
const PAGE: i64 = 1000;

/// Records of one kind, as they stand now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collection {
    /// Its name.
    pub collection: String,
    /// How many records it has.
    pub records: u64,
    /// When something of it was delivered last.
    pub delivered_at: Option<Timestamp>,
    /// The run of that delivery.
    pub run: String,
    /// By the collector of which group.
    pub group: String,
    /// By the task of this name in it.
    pub name: String,
    /// By which collector.
    pub command: String,
    /// What that brought.
    #[serde(flatten)]
    pub counts: RecordCounts,
}

/// A record that is kept.
#[derive(Debug, Clone, Serialize)]
pub struct Kept {
    /// What it was delivered under.
    pub collection: String,
    /// Unique in the collection; a later delivery of it replaces the value.
    pub key: String,
    /// What is known of it, as JSON.
    pub data: Box<RawValue>,
    /// When it was first delivered.
    pub first_seen: Option<Timestamp>,
    /// When it was last delivered with other data than before.
    pub changed_at: Option<Timestamp>,
    /// When it was last delivered.
    pub seen_at: Option<Timestamp>,
    /// The runs of these three.
    pub first_run: String,
    /// The run that changed it last.
    pub changed_run: String,
    /// The run that delivered it last.
    pub seen_run: String,
}

/// Which records of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those that changed then or later.
    pub since: Option<Timestamp>,
    /// Only those that the collection's newest delivery brought new or changed.
    pub changed: bool,
}

type Row = (String, String, Micros, Micros, Micros, String, String, String);

/// PostgreSQL does not know at once how many records a large delivery has brought. Taking
/// them for few, it would read and sort the whole collection for every page.
const IN_ORDER: &str = "set local enable_sort = off; set local enable_bitmapscan = off; set local jit = off";

/// Records of the collection `$1`, with the deliveries that they name.
macro_rules! rows {
    ($which:literal) => {
        concat!(
            "select r.key, cast(r.data as text), f.at, c.at, s.at, f.run_id, c.run_id, s.run_id
             from records r join ingests f on f.id = r.first_ingest
             join ingests c on c.id = r.changed_ingest
             join ingests s on s.id = ",
            $crate::records::sighting::seen!("r", "$1"),
            " where r.collection = $1 and ",
            $which
        )
    };
}

const ROWS: &str = rows!("r.key > $2 and c.at >= $3 and r.changed_ingest >= $4 order by r.key limit $5");

const PAGE_OF: &str = rows!("r.key > $2 order by r.key limit $3");

const ROW: &str = rows!("r.key = $2");

const COLLECTIONS: &str = "select r.collection, r.records, i.at, i.run_id, i.group_name, i.name, i.command,
         d.added, d.changed, d.unchanged
     from (select collection, count(*) as records from records group by collection) r
     join deliveries d on d.collection = r.collection and d.ingest =
         (select max(newest.ingest) from deliveries newest where newest.collection = r.collection)
     join ingests i on i.id = d.ingest order by r.collection";

/// One row as the database has it.
fn kept(collection: &str, row: Row) -> Result<Kept, RecordsError> {
    let (key, data, first, changed, seen, first_run, changed_run, seen_run) = row;
    Ok(Kept {
        collection: collection.to_owned(),
        key,
        data: RawValue::from_string(data).map_err(|error| DatabaseError::unreadable("data", error))?,
        first_seen: Some(first.into()),
        changed_at: Some(changed.into()),
        seen_at: Some(seen.into()),
        first_run,
        changed_run,
        seen_run,
    })
}

impl Records {
    /// At most `most` records of a collection, those with the least keys after `after`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn page(&self, collection: &str, after: &str, most: u32) -> Result<Vec<Kept>, RecordsError> {
        let mut sql = self.database.snapshot().await?;
        if matches!(self.database, Database::Postgres(_)) {
            sql.run(IN_ORDER).await?;
        }
        let rows: Vec<Row> = sql.fetch(PAGE_OF, &args![collection, after, most]).await?;
        sql.commit().await?;
        rows.into_iter().map(|row| kept(collection, row)).collect()
    }

    /// Every collection there is.
    ///
    /// # Errors
    /// The database fails.
    pub async fn collections(&self) -> Result<Vec<Collection>, RecordsError> {
        type Found = (String, i64, Micros, String, String, String, String, i64, i64, i64);
        let rows: Vec<Found> = self.database.fetch(COLLECTIONS, &[]).await?;
        let count = |value: i64| u64::try_from(value).unwrap_or_default();
        Ok(rows
            .into_iter()
            .map(
                |(collection, records, at, run, group, name, command, new, changed, unchanged)| Collection {
                    collection,
                    records: count(records),
                    delivered_at: Some(at.into()),
                    run,
                    group,
                    name,
                    command,
                    counts: RecordCounts {
                        new: count(new),
                        changed: count(changed),
                        unchanged: count(unchanged),
                    },
                },
            )
            .collect())
    }

    /// One record.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record(&self, collection: &str, key: &str) -> Result<Option<Kept>, RecordsError> {
        let rows: Vec<Row> = self.database.fetch(ROW, &args![collection, key]).await?;
        rows.into_iter()
            .next()
            .map(|row| kept(collection, row))
            .transpose()
    }

    /// Gives the wanted records of a collection to `each`, sorted by key, as of one moment.
    ///
    /// # Errors
    /// The database fails, or `each` does.
    pub async fn export(
        &self,
        collection: &str,
        wanted: &Wanted,
        mut each: impl FnMut(&Kept) -> io::Result<()>,
    ) -> Result<(), RecordsError> {
        let newest = if wanted.changed {
            self.newest_delivery(collection).await?
        } else {
            0
        };
        let since = wanted.since.map_or(i64::MIN, |since| since.as_microsecond());
        let mut after = String::new();
        let mut snapshot = self.database.snapshot().await?;
        if matches!(self.database, Database::Postgres(_)) {
            snapshot.run(IN_ORDER).await?;
        }
        snapshot.allow(WORK);
        loop {
            let page = args![collection, &after, since, newest, PAGE];
            let mut count = 0;
            let read = |row: Row| {
                count += 1;
                let record = kept(collection, row)?;
                each(&record).map_err(RecordsError::Output)?;
                after = record.key;
                Ok::<_, RecordsError>(())
            };
            snapshot.fetch_each(ROWS, &page, read).await?;
            if count < PAGE {
                break;
            }
        }
        Ok(snapshot.commit().await?)
    }

    /// The names of the collections, or of the first thousand of them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn names(&self) -> Result<Vec<String>, RecordsError> {
        const SQL: &str = "select distinct collection from deliveries order by collection limit 1000";
        let names: Vec<(String,)> = self.database.fetch(SQL, &[]).await?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    /// Whether there is anything in a collection.
    ///
    /// # Errors
    /// The database fails.
    pub async fn has(&self, collection: &str) -> Result<bool, RecordsError> {
        Ok(self.newest_delivery(collection).await? > 0)
    }

    /// The newest delivery to a collection; zero if there was none.
    async fn newest_delivery(&self, collection: &str) -> Result<i64, RecordsError> {
        const SQL: &str = "select coalesce(max(ingest), 0) from deliveries where collection = $1";
        let rows: Vec<(i64,)> = self.database.fetch(SQL, &args![collection]).await?;
        Ok(rows.first().map_or(0, |(newest,)| *newest))
    }
}

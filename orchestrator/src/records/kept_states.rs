//! What collectors keep for their next run, seen and mended by people. Deliveries write the
//! same rows (`merge`); what somebody sets is newer than every delivery that is still on its
//! way, and older than every one that is to come.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::database::DatabaseError;
use crate::database::arg::args;
use crate::database::columns::Micros;
use crate::records::error::RecordsError;
use crate::records::records::Records;

/// Whose state it is, and since when; part of the contract of `state list` and `state show`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptState {
    /// The group.
    pub group: String,
    /// The task's name in it.
    pub name: String,
    /// Its collector.
    pub command: String,
    /// How much is kept.
    pub bytes: u64,
    /// When its collector last delivered, or somebody set it.
    pub at: Timestamp,
}

/// Those that keep something.
const LIST: (&str, &str) = (
    "select group_name, name, command, cast(length(cast(data as blob)) as bigint), at
     from states where data is not null",
    "select group_name, name, command, cast(octet_length(cast(data as text)) as bigint), at
     from states where data is not null",
);

const ONE: &str = "select command, cast(data as text), at from states
     where group_name = $1 and name = $2 and data is not null";

/// It takes group, name, command, state and instant; only the state's type differs. A row
/// that is of the future (the clock was set back) stays there, so that nothing older wins.
macro_rules! set {
    ($json:literal) => {
        concat!(
            "insert into states (group_name, name, command, data, at) values ($1, $2, $3, ",
            $json,
            ", $5) on conflict (group_name, name) do update set
                 command = excluded.command, data = excluded.data,
                 at = case when states.at > excluded.at then states.at else excluded.at end"
        )
    };
}

const SET: (&str, &str) = (set!("$4"), set!("cast($4 as json)"));

/// The row stays: it also knows when its collector last brought something new.
const CLEAR: &str = "update states set data = null, at = case when at > $3 then at else $3 end
     where group_name = $1 and name = $2 and data is not null";

impl Records {
    /// Everything that is kept, by group and name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn kept_states(&self) -> Result<Vec<KeptState>, RecordsError> {
        let sql = self.database.text(LIST.0, LIST.1);
        let rows: Vec<(String, String, String, i64, Micros)> = self.database.fetch(sql, &[]).await?;
        let mut kept: Vec<KeptState> = rows
            .into_iter()
            .map(|(group, name, command, bytes, at)| KeptState {
                group,
                name,
                command,
                bytes: u64::try_from(bytes).unwrap_or_default(),
                at: at.0,
            })
            .collect();
        // Each server sorts texts its own way.
        kept.sort_by(|a, b| (&a.group, &a.name).cmp(&(&b.group, &b.name)));
        Ok(kept)
    }

    /// What a task keeps, if it keeps something.
    ///
    /// # Errors
    /// The database fails, or holds no JSON there.
    pub async fn kept_state(
        &self,
        group: &str,
        name: &str,
    ) -> Result<Option<(KeptState, Box<RawValue>)>, RecordsError> {
        let rows: Vec<(String, String, Micros)> = self.database.fetch(ONE, &args![group, name]).await?;
        let Some((command, data, at)) = rows.into_iter().next() else {
            return Ok(None);
        };
        let kept = KeptState {
            group: group.to_owned(),
            name: name.to_owned(),
            command,
            bytes: data.len() as u64,
            at: at.0,
        };
        let data = RawValue::from_string(data);
        let data = data.map_err(|error| DatabaseError::unreadable("data", error))?;
        Ok(Some((kept, data)))
    }

    /// Gives a task the state that its next run is to find: JSON that was judged.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_state(
        &self,
        (group, name): (&str, &str),
        command: &str,
        state: &str,
        now: Timestamp,
    ) -> Result<(), RecordsError> {
        let sql = self.database.text(SET.0, SET.1);
        let mut transaction = self.database.begin().await?;
        transaction
            .execute(sql, &args![group, name, command, state, now])
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes it away; whether there was one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn clear_state(&self, group: &str, name: &str, now: Timestamp) -> Result<bool, RecordsError> {
        let mut transaction = self.database.begin().await?;
        let cleared = transaction.execute(CLEAR, &args![group, name, now]).await?;
        transaction.commit().await?;
        Ok(cleared > 0)
    }
}

//! Columns that many tables have, read in one place each: an instant, and the process
//! that owns a row.

use std::error::Error;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sqlx::{ColumnIndex, Database, Decode, FromRow, Row, Type};

use crate::model::Owner;

/// An instant, in microseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Micros(pub(crate) Timestamp);

impl<D: Database> Type<D> for Micros
where
    i64: Type<D>,
{
    fn type_info() -> D::TypeInfo {
        i64::type_info()
    }

    fn compatible(found: &D::TypeInfo) -> bool {
        i64::compatible(found)
    }
}

impl<'r, D: Database> Decode<'r, D> for Micros
where
    i64: Decode<'r, D>,
{
    fn decode(value: D::ValueRef<'r>) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self(Timestamp::from_microsecond(i64::decode(value)?)?))
    }
}

/// As it stands in JSON that a statement makes.
impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let microseconds = i64::deserialize(deserializer)?;
        let instant = Timestamp::from_microsecond(microseconds);
        instant.map(Self).map_err(D::Error::custom)
    }
}

impl From<Micros> for Timestamp {
    fn from(micros: Micros) -> Self {
        micros.0
    }
}

/// The columns `owner_host`, `owner_boot`, `owner_pid` and `owner_start`; part of a row
/// by `#[sqlx(flatten)]`.
#[derive(Debug)]
pub(crate) struct OwnerColumns(pub(crate) Owner);

impl<'r, R: Row> FromRow<'r, R> for OwnerColumns
where
    &'static str: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self(Owner {
            host: row.try_get("owner_host")?,
            boot: row.try_get("owner_boot")?,
            pid: number(row, "owner_pid")?,
            started: number(row, "owner_start")?,
        }))
    }
}

fn number<'r, R: Row, T>(row: &'r R, column: &'static str) -> Result<T, sqlx::Error>
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    T: TryFrom<i64, Error: Error + Send + Sync + 'static>,
{
    T::try_from(row.try_get(column)?).map_err(|error| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(error),
    })
}

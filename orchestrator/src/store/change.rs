//! Changes that must hit the rows they mean: no fewer and no more. Any other number says
//! that a row was not in the state from which the change leads on; nothing is changed then.

use std::fmt::Display;

use sqlx::SqlSafeStr;

use crate::database::arg::{Arg, args};
use crate::database::transaction::Transaction;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::runs::transition::StateChange;

/// Changes exactly one row.
pub(crate) async fn change_one(
    sql: &mut Transaction,
    change: impl Display,
    text: impl SqlSafeStr,
    args: &[Arg],
) -> Result<(), StoreError> {
    match sql.execute(text, args).await? {
        1 => Ok(()),
        rows => Err(StoreError::Refused(format!("{change} would change {rows} rows"))),
    }
}

/// Changes as many rows as there are in `rows`, which a statement gets as a JSON array.
pub(crate) async fn change_all<const N: usize>(
    sql: &mut Transaction,
    change: StateChange,
    (sqlite, postgres): (&'static str, &'static str),
    run: &RunId,
    rows: &[[Arg; N]],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<&[Arg]> = rows.iter().map(<[Arg; N]>::as_slice).collect();
    let json =
        serde_json::to_string(&rows).map_err(|error| StoreError::Refused(format!("{change}: {error}")))?;
    let text = sql.text(sqlite, postgres);
    let changed = sql.execute(text, &args![run, &json]).await?;
    if usize::try_from(changed) == Ok(rows.len()) {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "{change} would change {changed} rows, not {}",
        rows.len()
    )))
}

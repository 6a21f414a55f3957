//! Whether the user of the connection may write what is about to be written. Asked before
//! anything begins: otherwise the first collector has run when the database refuses it.

use crate::database::arg::args;
use crate::database::error::DatabaseError;
use crate::database::pool::Database;

/// What is missing first, of rights that come in one array after the other.
const MISSING: &str = "select cast(current_user as text), needed.verb, current_schema() || '.' || needed.name
     from (select right_name.value as verb, table_name.value as name,
               table_name.ordinality as place, right_name.ordinality as part
           from jsonb_array_elements_text($1) with ordinality as table_name,
               jsonb_array_elements_text($2) with ordinality as right_name) as needed
     where not has_table_privilege(needed.name, needed.verb)
     order by place, part limit 1";

impl Database {
    /// Whether rows of `tables` may be inserted and updated. Whoever may open a SQLite file
    /// may do all.
    ///
    /// # Errors
    /// [`DatabaseError::Denied`] if not, or the database fails.
    pub(crate) async fn check_rights(&self, tables: &[&str]) -> Result<(), DatabaseError> {
        if let Self::Sqlite(_) = self {
            return Ok(());
        }
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let args = args![&list(tables), &list(&["INSERT", "UPDATE"])];
        let missing: Vec<(String, String, String)> = self.fetch(MISSING, &args).await?;
        match missing.into_iter().next() {
            None => Ok(()),
            Some((user, right, table)) => Err(DatabaseError::Denied { user, right, table }),
        }
    }
}

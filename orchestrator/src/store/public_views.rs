//! The three documented views in `public`, for whoever asked for them there before our tables
//! had a schema of their own. Only an installation that was moved has them, until 1.0.

use crate::database::arg::args;
use crate::database::connection::Connection;
use crate::database::{AssertSqlSafe, Database};
use crate::store::error::StoreError;

/// Those that documents named.
pub(crate) const VIEWS: [&str; 3] = ["current_records", "record_deliveries", "collections"];

/// What the schema's comment says once our tables came from `public`.
pub(crate) const MOVED: &str = "orchestrate, moved out of public";

/// Which of them are not there where they should be and may be made.
const MISSING: &str = "select name, current_setting('search_path')
     from jsonb_array_elements_text($1) as wanted (name)
     where obj_description(to_regnamespace(current_setting('search_path')), 'pg_namespace') = $2
       and to_regclass('public.' || name) is null
       and has_schema_privilege('public', 'CREATE')";

/// Which of them stand in the way of a change of ours.
const OURS: &str = "select distinct cast(v.relname as text) from pg_class v
     join pg_rewrite r on r.ev_class = v.oid
     join pg_depend d on d.objid = r.oid and d.classid = cast('pg_rewrite' as regclass)
     join pg_class t on t.oid = d.refobjid
         and t.relnamespace = to_regnamespace(current_setting('search_path'))
     where v.relnamespace = to_regnamespace('public') and v.relkind = 'v'
       and v.relname in (select value from jsonb_array_elements_text($1))";

/// Who may read a view of ours, its owner aside.
const READERS: &str = "select distinct case a.grantee when 0 then 'public'
         else quote_ident(pg_get_userbyid(a.grantee)) end
     from pg_class c, aclexplode(c.relacl) a
     where c.oid = to_regclass($1) and a.privilege_type = 'SELECT' and a.grantee <> c.relowner";

fn names() -> Vec<String> {
    VIEWS.map(str::to_owned).to_vec()
}

/// Makes those that should be there.
///
/// # Errors
/// The database fails.
pub(crate) async fn restore(database: &Database) -> Result<(), StoreError> {
    match try_restore(database).await {
        // Somebody else makes the same view at this moment: now it is there to be seen.
        Err(error) if error.is_unique_violation() => try_restore(database).await,
        done => done,
    }
}

async fn try_restore(database: &Database) -> Result<(), StoreError> {
    if matches!(database, Database::Sqlite(_)) {
        return Ok(());
    }
    let args = args![&names(), MOVED];
    let missing: Vec<(String, String)> = database.fetch(MISSING, &args).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let mut sql = database.begin().await?;
    for (view, schema) in missing {
        let text = format!("create or replace view public.{view} as select * from {schema}.{view}");
        sql.execute(AssertSqlSafe(text), &[]).await?;
        let readers: Vec<(String,)> = sql.fetch(READERS, &args![&view]).await?;
        for (reader,) in readers {
            let grant = format!("grant select on public.{view} to {reader}");
            sql.execute(AssertSqlSafe(grant), &[]).await?;
        }
    }
    Ok(sql.commit().await?)
}

/// Takes them away before our own are changed; [`restore`] brings them back.
///
/// # Errors
/// The database fails.
pub(crate) async fn remove(database: &Database, sql: &mut Connection) -> Result<(), StoreError> {
    if matches!(database, Database::Sqlite(_)) {
        return Ok(());
    }
    let ours: Vec<(String,)> = sql.fetch(OURS, &args![&names()]).await?;
    for (view,) in ours {
        let text = format!("drop view public.{view}");
        sql.execute(AssertSqlSafe(text), &[]).await?;
    }
    Ok(())
}

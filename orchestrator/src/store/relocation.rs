//! Once, on PostgreSQL: our tables go from `public`, where older builds had them, into our
//! schema. All or nothing: one transaction, under the lock that changes of the schema take in
//! older builds, too. Only where every step that `public` records is one of ours, and nobody
//! of an older build is at work. docs/design/0017.

use jiff::Timestamp;

use crate::database::arg::args;
use crate::database::columns::{Micros, OwnerColumns};
use crate::database::connection::Connection;
use crate::database::migrate::{SchemaLock, Step, StepsVerdict};
use crate::database::{AssertSqlSafe, Database, DatabaseError};
use crate::model::{Clock, Owner, SystemClock};
use crate::store::error::StoreError;
use crate::store::owner::{is_gone, this_process};
use crate::store::public_views::{MOVED, VIEWS};
use crate::store::relations::RELATIONS;

/// A scheduler says every ten seconds that it is there.
const SILENT: i64 = 60;

/// Whoever reads them right now is not waited for any longer.
const BEGIN: &str = "begin isolation level read committed; set local lock_timeout = '10s'";

/// Nobody of an older build begins after this, and who is connected is seen.
const HOLD: &str = "lock table public.runs in access exclusive mode";

/// Connections of older builds: ours say which schema they mean.
const SESSIONS: &str = "select count(*) from pg_stat_activity
     where datname = current_database() and application_name = 'orchestrate' and pid <> pg_backend_pid()";

/// Who may use a table may use the schema that it is in.
const READERS: &str = "select distinct grantee from (
         select case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee,
             a.grantee = c.relowner as owns
         from pg_class c, aclexplode(c.relacl) a
         where c.relnamespace = to_regnamespace(current_setting('search_path'))) as granted
     where not owns";

#[derive(sqlx::FromRow)]
struct OwnerRow {
    #[sqlx(flatten)]
    owner: OwnerColumns,
}

#[derive(sqlx::FromRow)]
struct BeatRow {
    #[sqlx(flatten)]
    owner: OwnerColumns,
    seen_at: Micros,
}

/// Moves them, if they are there and our schema has none.
///
/// # Errors
/// Somebody of an older build is at work, or the database fails; then nothing has moved.
pub(crate) async fn move_out_of_public(database: &Database, lock: &mut SchemaLock) -> Result<(), StoreError> {
    // Asked again under the lock: somebody else may have moved them.
    if !matches!(database, Database::Postgres(_)) || !database.inventory().await?.steps.is_empty() {
        return Ok(());
    }
    let steps = database.steps_in_public().await?;
    if !matches!(database.judge(&steps), StepsVerdict::Ours(_)) {
        return Ok(());
    }
    let sql = lock.connection();
    sql.run(BEGIN).await?;
    sql.run(HOLD).await?;
    if let Some(who) = at_work(sql, &steps).await? {
        sql.run("rollback").await?;
        return Err(in_use(database, &who));
    }
    lock.make_schema().await?;
    relocate(lock.connection(), &steps).await?;
    Ok(lock.connection().run("commit").await?)
}

fn in_use(database: &Database, who: &str) -> StoreError {
    DatabaseError::Open {
        database: database.name(),
        reason: format!(
            "our tables are to leave the schema public, and {who}: end it first; nothing was moved"
        ),
    }
    .into()
}

/// Who of an older build is at work, in words.
async fn at_work(sql: &mut Connection, steps: &[Step]) -> Result<Option<String>, StoreError> {
    let here = this_process().map_err(|source| StoreError::File {
        path: "/proc".into(),
        source,
    })?;
    let has = |version: i64| steps.iter().any(|step| step.version == version);
    let runs: Vec<OwnerRow> = sql
        .fetch(
            "select owner_host, owner_boot, owner_pid, owner_start from public.runs where finished_at is null",
            &[],
        )
        .await?;
    let alive = |owner: &Owner| owner.host == here.host && !is_gone(owner, &here);
    if let Some(row) = runs.iter().find(|row| alive(&row.owner.0)) {
        return Ok(Some(format!(
            "a run of an older version goes on ({})",
            row.owner.0
        )));
    }
    if has(3) {
        let beats: Vec<BeatRow> = sql
            .fetch(
                "select owner_host, owner_boot, owner_pid, owner_start, seen_at from public.beats",
                &[],
            )
            .await?;
        let now = SystemClock.now();
        let speaks = |row: &BeatRow| {
            let silent = now.duration_since(Timestamp::from(row.seen_at)).as_secs();
            !is_gone(&row.owner.0, &here) && (alive(&row.owner.0) || silent < SILENT)
        };
        if let Some(row) = beats.iter().find(|row| speaks(row)) {
            return Ok(Some(format!(
                "a scheduler of an older version is alive ({})",
                row.owner.0
            )));
        }
    }
    let sessions: Vec<(i64,)> = sql.fetch(SESSIONS, &[]).await?;
    let connected = sessions.first().is_some_and(|(count,)| *count > 0);
    Ok(connected.then(|| "an older version of orchestrate is connected".to_owned()))
}

/// Indexes, triggers and sequences go with their tables.
async fn relocate(sql: &mut Connection, steps: &[Step]) -> Result<(), StoreError> {
    let schema: Vec<(String,)> = sql.fetch("select current_setting('search_path')", &[]).await?;
    let schema = schema.into_iter().next().ok_or_else(DatabaseError::no_row)?.0;
    let has = |version: i64| steps.iter().any(|step| step.version == version);
    let mut changes = Vec::new();
    for (name, _) in RELATIONS.iter().filter(|(_, version)| has(*version)) {
        let kind = if VIEWS.contains(name) || name.starts_with("readable_") {
            "view"
        } else {
            "table"
        };
        changes.push(format!("alter {kind} public.{name} set schema {schema}"));
    }
    if has(4) {
        changes.push(format!(
            "alter function public.refuse_change() set schema {schema}"
        ));
    }
    changes.push(format!("alter table public._sqlx_migrations set schema {schema}"));
    changes.push(format!("comment on schema {schema} is '{MOVED}'"));
    for change in changes {
        sql.execute(AssertSqlSafe(change), &[]).await?;
    }
    let readers: Vec<(String,)> = sql.fetch(READERS, &args![]).await?;
    for (reader,) in readers {
        let grant = format!("grant usage on schema {schema} to {reader}");
        sql.execute(AssertSqlSafe(grant), &[]).await?;
    }
    Ok(())
}

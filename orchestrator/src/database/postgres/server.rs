//! The database server: PostgreSQL, for one machine or many. Our tables are in a schema of
//! their own, where every connection looks and nowhere else.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Row};

use crate::database::error::{DatabaseError, words};
use crate::database::limits::PATIENCE;
use crate::database::postgres::pool::{PostgresPool, is_turned_away};
use crate::model::SchemaName;

/// `postgres://me@host:5432/db`: what is safe to show.
pub(crate) fn name(options: &PgConnectOptions) -> String {
    let place = match options.get_socket() {
        Some(socket) => format!("[{}]", socket.display()),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let user = options.get_username();
    format!(
        "postgres://{user}@{place}/{}",
        options.get_database().unwrap_or(user)
    )
}

/// Whoever opens is told sooner than others that the server lets nobody in, and asks again.
const TURNED_AWAY: Duration = Duration::from_secs(1);

/// Connects to see that the server is there. That connection is the first one to be used: of
/// a server that has few we need no more than one to begin with.
pub(crate) async fn connect(
    options: &PgConnectOptions,
    schema: &SchemaName,
) -> Result<PostgresPool, DatabaseError> {
    let options = options
        .clone()
        // Builds whose tables were in `public` call themselves `orchestrate`.
        .application_name(&format!("orchestrate ({schema})"))
        // PostgreSQL 12 and later write floats whole by themselves, and poolers refuse it.
        .extra_float_digits(None)
        .disable_statement_logging();
    let database = name(&options);
    let failed = |reason| DatabaseError::Open {
        database: database.clone(),
        reason,
    };
    match tokio::time::timeout(PATIENCE, enter(&options, schema)).await {
        Ok(Ok(Some(pool))) => Ok(pool),
        Ok(Ok(None)) => Err(failed(
            "a pooler lends its connections for a transaction at a time: the place of our tables would \
             be set for other programs, too; name the server itself, or a pool in session mode"
                .to_owned(),
        )),
        Ok(Err(error)) if is_turned_away(&error) => {
            let reason = words(&error);
            Err(DatabaseError::TurnedAway { database, reason })
        }
        Ok(Err(error)) => Err(failed(words(&error))),
        Err(_) => Err(failed(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}

/// The pool whose connections look in our schema: by what is said at their start or, where a
/// pooler does not hand that on, by their first statement. `None` if a pooler gives every
/// transaction another connection.
async fn enter(options: &PgConnectOptions, schema: &SchemaName) -> Result<Option<PostgresPool>, sqlx::Error> {
    // What we ask is answered in milliseconds; compiling it first took up to a second where the
    // server knew little of a new table.
    let led = options
        .clone()
        .options([("search_path", schema.as_str()), ("jit", "off")]);
    let pool = PostgresPool::new(led, None);
    match pool.acquire_asking_for(TURNED_AWAY).await {
        Ok(mut first) => {
            if search_path(&mut first).await? == schema.as_str() {
                first.allow_reuse();
                return Ok(Some(pool));
            }
        }
        Err(error) if refuses_options(&error) => {}
        Err(error) => return Err(error),
    }
    let pool = PostgresPool::new(options.clone(), Some(set_search_path(schema)));
    let mut one = pool.acquire_asking_for(TURNED_AWAY).await?;
    let mut other = pool.acquire_asking_for(TURNED_AWAY).await?;
    // Both are open: only a pooler can serve them with the same process.
    let shared = server_process(&mut one).await? == server_process(&mut other).await?;
    one.allow_reuse();
    Ok((!shared).then_some(pool))
}

/// As PgBouncer says it ("unsupported startup parameter: options").
fn refuses_options(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.message().contains("startup parameter"))
}

fn set_search_path(schema: &SchemaName) -> String {
    format!("set search_path = {schema}; set jit = off")
}

async fn search_path(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::raw_sql("show search_path")
        .fetch_one(connection)
        .await?
        .try_get(0)
}

async fn server_process(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::raw_sql("select pg_backend_pid()")
        .fetch_one(connection)
        .await?
        .try_get(0)
}

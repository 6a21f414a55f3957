//! The database server: PostgreSQL, for one machine or many. Our tables are in a schema of
//! their own, where every connection looks and nowhere else.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool, Row};

use crate::database::error::{DatabaseError, words};
use crate::database::limits::PATIENCE;
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

/// Connects once to see that it is there; more connections are made as they are needed.
pub(crate) async fn connect(
    options: &PgConnectOptions,
    schema: &SchemaName,
) -> Result<PgPool, DatabaseError> {
    let options = options
        .clone()
        // Builds whose tables were in `public` call themselves `orchestrate`.
        .application_name(&format!("orchestrate ({schema})"))
        // PostgreSQL 12 and later write floats whole by themselves, and poolers refuse it.
        .extra_float_digits(None)
        .disable_statement_logging();
    let failed = |reason| DatabaseError::Open {
        database: name(&options),
        reason,
    };
    // Not through the pool: what that says of a server that is not there is that it waited.
    let entering = enter(&options, schema);
    let found = match tokio::time::timeout(PATIENCE, entering).await {
        Ok(entered) => entered.map_err(|error| failed(words(&error)))?,
        Err(_) => return Err(failed(format!("no answer within {} s", PATIENCE.as_secs()))),
    };
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .acquire_timeout(PATIENCE)
        // A connection that broke while it was idle fails its next statement, which
        // is tried again; that is cheaper than a question before each.
        .test_before_acquire(false);
    match found {
        Entrance::Options => Ok(pool.connect_lazy_with(led(&options, schema))),
        Entrance::Statement => {
            let set = set_search_path(schema);
            let pool = pool.after_connect(move |connection, _| {
                let set = set.clone();
                Box::pin(async move {
                    sqlx::raw_sql(AssertSqlSafe(set)).execute(connection).await?;
                    Ok(())
                })
            });
            Ok(pool.connect_lazy_with(options))
        }
        Entrance::SharedByTransactions => Err(failed(
            "a pooler lends its connections for a transaction at a time: the place of our tables would \
             be set for other programs, too; name the server itself, or a pool in session mode"
                .to_owned(),
        )),
    }
}

/// What a connection asks for at its start.
fn led(options: &PgConnectOptions, schema: &SchemaName) -> PgConnectOptions {
    options.clone().options([("search_path", schema.as_str())])
}

/// How a connection is led to our schema.
enum Entrance {
    /// By what is said at its start.
    Options,
    /// A pooler does not hand that on: by its first statement.
    Statement,
    /// A pooler gives every transaction another connection.
    SharedByTransactions,
}

async fn enter(options: &PgConnectOptions, schema: &SchemaName) -> Result<Entrance, sqlx::Error> {
    match led(options, schema).connect().await {
        Ok(mut connection) => {
            let applied = search_path(&mut connection).await? == schema.as_str();
            connection.close().await?;
            if applied {
                return Ok(Entrance::Options);
            }
        }
        Err(error) if refuses_options(&error) => {}
        Err(error) => return Err(error),
    }
    let mut one = options.connect().await?;
    let mut other = options.connect().await?;
    // Both are open: only a pooler can serve them with the same process.
    let shared = server_process(&mut one).await? == server_process(&mut other).await?;
    one.close().await?;
    other.close().await?;
    Ok(if shared {
        Entrance::SharedByTransactions
    } else {
        Entrance::Statement
    })
}

/// As PgBouncer says it ("unsupported startup parameter: options").
fn refuses_options(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.message().contains("startup parameter"))
}

fn set_search_path(schema: &SchemaName) -> String {
    format!("set search_path = {schema}")
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

//! The database server: PostgreSQL, for one machine or many.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};

use crate::database::error::{DatabaseError, words};
use crate::database::limits::PATIENCE;

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
pub(crate) async fn connect(url: &str) -> Result<PgPool, DatabaseError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| DatabaseError::Url(unreadable(&error)))?
        .application_name("orchestrate")
        .disable_statement_logging();
    let failed = |reason| DatabaseError::Open {
        database: name(&options),
        reason,
    };
    // Not through the pool: what that says of a server that is not there is that it waited.
    match tokio::time::timeout(PATIENCE, options.connect()).await {
        Ok(Ok(connection)) => connection.close().await?,
        Ok(Err(error)) => return Err(failed(words(&error))),
        Err(_) => return Err(failed(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
    Ok(PgPoolOptions::new()
        .max_connections(4)
        .acquire_timeout(PATIENCE)
        // A connection that broke while it was idle fails its next statement, which
        // is tried again; that is cheaper than a question before each.
        .test_before_acquire(false)
        .connect_lazy_with(options))
}

/// What is wrong with a URL, without the URL.
fn unreadable(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(cause) => cause.to_string(),
        _ => "it is malformed".to_owned(),
    }
}

//! The database server: PostgreSQL, for one machine or many.

use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::database::error::{DatabaseError, words};
use crate::database::limits::PATIENCE;
use crate::database::postgres_pool::{PostgresPool, is_turned_away};

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
pub(crate) async fn connect(url: &str) -> Result<PostgresPool, DatabaseError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| DatabaseError::Url(unreadable(&error)))?
        .application_name("orchestrate")
        .disable_statement_logging();
    let database = name(&options);
    let pool = PostgresPool::new(options);
    let failed = |reason| DatabaseError::Open {
        database: database.clone(),
        reason,
    };
    match tokio::time::timeout(PATIENCE, pool.acquire_asking_for(TURNED_AWAY)).await {
        Ok(Ok(mut first)) => first.allow_reuse(),
        Ok(Err(error)) if is_turned_away(&error) => {
            let reason = words(&error);
            return Err(DatabaseError::TurnedAway { database, reason });
        }
        Ok(Err(error)) => return Err(failed(words(&error))),
        Err(_) => return Err(failed(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
    Ok(pool)
}

/// What is wrong with a URL, without the URL.
fn unreadable(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(cause) => cause.to_string(),
        _ => "it is malformed".to_owned(),
    }
}

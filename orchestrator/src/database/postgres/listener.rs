//! What PostgreSQL's NOTIFY says, on a connection of its own. Whoever listens must not depend
//! on it: what is said while the connection is away is lost.

use sqlx::postgres::{PgListener, PgPoolOptions};

use crate::database::error::DatabaseError;
use crate::database::limits::PATIENCE;
use crate::database::pool::Database;

/// Hears one channel.
#[derive(Debug)]
pub struct ChannelListener(Option<PgListener>);

impl Database {
    /// Listens to a channel from now on; on SQLite nothing is ever heard.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn listen(&self, channel: &str) -> Result<ChannelListener, DatabaseError> {
        let Self::Postgres(pool) = self else {
            return Ok(ChannelListener(None));
        };
        let connect = async {
            // The library listens on a connection of a pool of its own only.
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .acquire_timeout(PATIENCE)
                .connect_with(pool.options().clone())
                .await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(channel).await?;
            Ok::<_, sqlx::Error>(listener)
        };
        let listener = tokio::time::timeout(PATIENCE, connect)
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut))?;
        Ok(ChannelListener(Some(listener)))
    }
}

impl ChannelListener {
    /// What is said next. May be dropped and asked again.
    ///
    /// # Errors
    /// The connection is lost, and another one is needed.
    pub async fn next(&mut self) -> Result<String, DatabaseError> {
        match &mut self.0 {
            None => std::future::pending().await,
            Some(listener) => match listener.try_recv().await? {
                Some(said) => Ok(said.payload().to_owned()),
                None => Err(DatabaseError::no_answer("the connection was closed".to_owned())),
            },
        }
    }
}

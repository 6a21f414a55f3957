//! Connections to a PostgreSQL server, at most a few at a time. Not sqlx's pool: that one asks
//! a connection whether it lives before it takes it back, and opens another one for whoever
//! comes meanwhile, so that a process that does one thing after another has several; and of a
//! server that lets nobody in it says that it has waited. Here the next statement finds the
//! connection of the last one, and what nobody needs for a while is closed: a server may have
//! few connections for many processes.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use crate::database::limits::PATIENCE;

/// At most so many at a time.
const MOST: u32 = 4;

/// One that is not used for so long is closed.
const IDLE: Duration = Duration::from_secs(10);

/// Nor is one kept longer than this: a server's process grows with what it has seen.
const LIFE: Duration = Duration::from_secs(1800);

/// The pauses before a server that lets nobody in is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The connections that this process has to a server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PostgresPool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: PgConnectOptions,
    /// What each connection does before anybody has it.
    first_statement: Option<String>,
    places: Arc<Semaphore>,
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    connections: Vec<IdleConnection>,
    /// Whether somebody closes what nobody needs.
    watched: bool,
}

#[derive(Debug)]
struct IdleConnection {
    connection: PgConnection,
    made: Instant,
    since: Instant,
}

/// A connection that nobody else uses. It is closed when it is dropped, unless it was said to
/// be reusable.
#[derive(Debug)]
pub(crate) struct PostgresConnection {
    /// There until it is dropped or closed.
    connection: Option<PgConnection>,
    made: Instant,
    reusable: bool,
    shared: Arc<Shared>,
    _place: OwnedSemaphorePermit,
}

impl PostgresPool {
    /// Connects when there is something to do.
    pub(in crate::database) fn new(options: PgConnectOptions, first_statement: Option<String>) -> Self {
        Self(Arc::new(Shared {
            options,
            first_statement,
            places: Arc::new(Semaphore::new(MOST as usize)),
            idle: Mutex::default(),
        }))
    }

    /// How it connects.
    pub fn options(&self) -> &PgConnectOptions {
        &self.0.options
    }

    /// One that is idle, or a new one. A server that lets nobody in is asked again and again.
    pub(in crate::database) async fn acquire(&self) -> Result<PostgresConnection, sqlx::Error> {
        timeout(PATIENCE, self.acquire_asking_for(PATIENCE * 9 / 10))
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    /// The same without a limit of its own; a server that lets nobody in is asked for so long.
    pub(in crate::database) async fn acquire_asking_for(
        &self,
        patience: Duration,
    ) -> Result<PostgresConnection, sqlx::Error> {
        let place = Arc::clone(&self.0.places).acquire_owned().await;
        let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
        let (connection, made) = self.0.take_or_connect(patience).await?;
        Ok(PostgresConnection {
            connection: Some(connection),
            made,
            reusable: false,
            shared: Arc::clone(&self.0),
            _place: place,
        })
    }

    /// Waits for those that are in use and lets all of them go.
    pub(in crate::database) async fn close(&self) {
        // An error means that it is closed already.
        let _all = self.0.places.acquire_many(MOST).await;
        self.0.places.close();
        let idle = std::mem::take(&mut self.0.idle().connections);
        close_all(idle).await;
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What another statement of this process gives back serves as well as a new one.
    async fn take_or_connect(&self, patience: Duration) -> Result<(PgConnection, Instant), sqlx::Error> {
        let deadline = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(idle) = self.idle().connections.pop() {
                return Ok((idle.connection, idle.made));
            }
            match self.connect().await {
                Err(error) if is_turned_away(&error) && Instant::now() + pause < deadline => {}
                done => return Ok((done?, Instant::now())),
            }
            // Not all who wait at the same time.
            sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Shared {
    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        if let Some(statement) = &self.first_statement {
            sqlx::raw_sql(AssertSqlSafe(statement.clone()))
                .execute(&mut connection)
                .await?;
        }
        Ok(connection)
    }
}

/// Whether the server is there and lets nobody in at the moment: all its connections are in
/// use (53300), or it starts or ends (57P03).
pub(in crate::database) fn is_turned_away(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error)
        if error.code().is_some_and(|code| code == "53300" || code == "57P03"))
}

impl PostgresConnection {
    /// It is in no transaction and has no tables of its own: the next one may have it.
    pub(in crate::database) fn allow_reuse(&mut self) {
        self.reusable = true;
    }

    pub(in crate::database) fn forbid_reuse(&mut self) {
        self.reusable = false;
    }

    pub(in crate::database) async fn close(mut self) -> Result<(), sqlx::Error> {
        match self.connection.take() {
            Some(connection) => connection.close().await,
            None => Ok(()),
        }
    }
}

impl Drop for PostgresConnection {
    fn drop(&mut self) {
        if !self.reusable || self.made.elapsed() > LIFE || self.shared.places.is_closed() {
            return;
        }
        let Some(connection) = self.connection.take() else {
            return;
        };
        let mut idle = self.shared.idle();
        // Without a runtime this is the end of everything.
        if !idle.watched
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            idle.watched = true;
            runtime.spawn(close_idle(Arc::downgrade(&self.shared)));
        }
        idle.connections.push(IdleConnection {
            connection,
            made: self.made,
            since: Instant::now(),
        });
    }
}

/// Closes what nobody needs, until there is nothing left.
async fn close_idle(shared: Weak<Shared>) {
    loop {
        sleep(IDLE / 2).await;
        let Some(shared) = shared.upgrade() else { return };
        let (old, done) = {
            let mut idle = shared.idle();
            let old: Vec<_> = idle
                .connections
                .extract_if(.., |one| one.since.elapsed() >= IDLE)
                .collect();
            idle.watched = !idle.connections.is_empty();
            (old, !idle.watched)
        };
        close_all(old).await;
        if done {
            return;
        }
    }
}

async fn close_all(idle: Vec<IdleConnection>) {
    for one in idle {
        if let Err(error) = one.connection.close().await {
            tracing::debug!("closing a connection: {error}");
        }
    }
}

impl Deref for PostgresConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection
            .as_ref()
            .expect("only who ends the guard takes it")
    }
}

impl DerefMut for PostgresConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection
            .as_mut()
            .expect("only who ends the guard takes it")
    }
}

//! Everything a run needs, put together once from settings by the shell and borrowed
//! afterwards. It is the same for a run by hand and for one of the timetable. All its
//! paths are absolute: a collector may work in another directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::Engine;
use crate::execution::error::ExecutionError;
use crate::model::{Clock, DeadMan, NoticeChannel, Owner, Retention};
use crate::notify::{NetworkClient, Notifier, StopSwitch};
use crate::process::Launcher;
use crate::records::Records;
use crate::rundir::{ReaderDatabase, ReaderSettings, StateDir};
use crate::store::{Store, this_process};
use crate::text::NamedSecrets;

/// What the settings say of execution.
pub struct ExecutorSettings {
    /// The state directory, as it was named.
    pub state_dir: PathBuf,
    /// Where the database is, for collectors that read records back.
    pub database: ReaderDatabase,
    /// Finds collectors and starts them.
    pub launcher: Launcher,
    /// Masked in everything that is written, and put where a plan has their names.
    pub secrets: NamedSecrets,
    /// Our own variables, those of `.env` included: they have secrets and proxies.
    pub variables: Vec<(OsString, OsString)>,
    /// Who wants to be told.
    pub channels: Vec<NoticeChannel>,
    /// Who watches for our silence.
    pub dead_man: Option<DeadMan>,
    /// Where people find the pages about runs.
    pub base_url: Option<String>,
    /// What is kept of the past.
    pub retention: Retention,
}

/// Executes plans, remembers what became of them and tells whom it concerns.
pub struct Executor {
    /// Executes collectors.
    pub engine: Arc<Engine>,
    /// Remembers.
    pub store: Store,
    /// Tells people.
    pub notifier: Notifier,
    /// What is kept of the past.
    pub retention: Retention,
    /// This process.
    pub owner: Owner,
    /// Its file is there as long as the executor.
    _reader: ReaderSettings,
}

impl Executor {
    /// Puts it together. Nothing is started by that.
    ///
    /// # Errors
    /// The working directory is gone, the state directory cannot be written, or the host
    /// has no name.
    pub fn new(
        settings: ExecutorSettings,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, ExecutionError> {
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| ExecutionError::State { path, source }
        };
        let state_dir = std::path::absolute(&settings.state_dir).map_err(unusable(&settings.state_dir))?;
        let reader = ReaderSettings::write(&state_dir, &settings.database)
            .map_err(unusable(&StateDir(&state_dir).private()))?;
        let owner = this_process().map_err(ExecutionError::Owner)?;
        let launcher = settings.launcher.with_many_open_files();
        Ok(Arc::new(Self {
            notifier: Notifier {
                channels: settings.channels.into(),
                dead_man: settings.dead_man,
                network: NetworkClient::new(launcher.fork_server.clone(), settings.variables),
                break_off: StopSwitch::default(),
                launcher: launcher.clone(),
                clock: Arc::clone(&clock),
                host: owner.host.clone(),
                base_url: settings.base_url,
                secrets: settings.secrets.clone(),
            },
            engine: Arc::new(Engine {
                launcher,
                records: records_in(&store),
                owner: owner.clone(),
                clock,
                state_dir,
                secrets: settings.secrets,
                program: std::env::current_exe().ok(),
                reader_settings: Some(reader.path().to_owned()),
            }),
            store,
            retention: settings.retention,
            owner,
            _reader: reader,
        }))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }

    /// Absolute.
    pub fn state_dir(&self) -> &Path {
        &self.engine.state_dir
    }

    /// Where what collectors bring is kept.
    pub fn records(&self) -> &Records {
        &self.engine.records
    }

    /// Ends the fork server and closes the store, once no run goes on.
    pub async fn close(&self) {
        self.stop_processes().await;
        self.store.clone().close().await;
    }

    /// Ends the fork server only: a database that was waited for already is not waited for
    /// to say farewell.
    pub async fn stop_processes(&self) {
        self.engine.launcher.fork_server.clone().shutdown().await;
    }
}

/// The records in the same database.
pub fn records_in(store: &Store) -> Records {
    store.database().into()
}

#[cfg(test)]
impl Executor {
    /// For tests: no collector is found, so every run ends at once.
    pub(crate) fn without_collectors(store: Store, state_dir: &Path, clock: Arc<dyn Clock>) -> Arc<Self> {
        use crate::process::{Collectors, Environment};
        let collectors = Collectors {
            directories: Vec::new(),
            beside: None,
            fallback: Vec::new(),
        };
        let settings = ExecutorSettings {
            state_dir: state_dir.to_owned(),
            database: ReaderDatabase {
                url: "sqlite:/nowhere.db".to_owned(),
                schema: crate::model::SchemaName::default(),
            },
            launcher: Launcher::new(collectors, Environment::new([], &[], None)),
            secrets: NamedSecrets::default(),
            variables: Vec::new(),
            channels: Vec::new(),
            dead_man: None,
            base_url: None,
            retention: Retention::default(),
        };
        Self::new(settings, store, clock).unwrap()
    }
}

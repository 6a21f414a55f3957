//! What all runs of a process share. Made once by a verb.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::Context;
use crate::execution::reader_settings::ReaderSettings;
use crate::model::DeadMan;
use crate::model::Retention;
use crate::notify::Post;
use crate::process::{ForkServer, raise_open_files};
use crate::store::Store;

/// The means to execute plans and to remember what became of them. Cheap to clone.
#[derive(Clone)]
pub struct Means {
    /// Executes collectors.
    pub context: Context,
    /// Remembers.
    pub store: Store,
    /// The state directory as it was named, for run directories and messages.
    pub state_dir: PathBuf,
    /// With which collectors read records back; there as long as somebody has the means.
    pub reader: Arc<ReaderSettings>,
    /// Who is told what, and how.
    pub post: Post,
    /// Who watches for our silence.
    pub dead_man: Option<DeadMan>,
    /// What is kept of the past.
    pub retention: Retention,
}

impl Means {
    /// Ends the fork server and closes the store, once no run goes on.
    pub async fn close(self) {
        self.context.fork_server.shutdown().await;
        self.store.close().await;
    }
}

/// Collectors get the limit of open files that we were given, not the one we need.
pub fn fork_server() -> ForkServer {
    match raise_open_files() {
        Ok(soft) => ForkServer::new().with_open_files(soft),
        Err(error) => {
            tracing::warn!("the limit of open files cannot be raised: {error}");
            ForkServer::new()
        }
    }
}

#[cfg(test)]
impl Means {
    /// For tests: no collector is found, so every run ends at once. `state_dir` is absolute.
    pub(crate) fn without_collectors(
        store: Store,
        state_dir: &std::path::Path,
        clock: Arc<dyn crate::model::Clock>,
    ) -> Self {
        use crate::notify::NetworkClient;
        use crate::process::{Collectors, Environment};
        let shelf = store.database().into();
        let context = Context {
            fork_server: ForkServer::new(),
            collectors: Arc::new(Collectors {
                directories: Vec::new(),
                beside: None,
                fallback: Vec::new(),
            }),
            environment: Arc::new(Environment::new([], &[], None)),
            secret_names: Arc::new([]),
            shelf,
            program: None,
            reader_settings: None,
            clock: Arc::clone(&clock),
            state_dir: state_dir.to_owned(),
        };
        Self {
            post: Post {
                channels: Arc::new([]),
                fork_server: context.fork_server.clone(),
                collectors: Arc::clone(&context.collectors),
                environment: Arc::clone(&context.environment),
                network: NetworkClient::new(context.fork_server.clone(), []),
                clock,
                host: "here".to_owned(),
            },
            dead_man: None,
            retention: Retention::default(),
            reader: Arc::new(ReaderSettings::write(state_dir, None).unwrap()),
            context,
            store,
            state_dir: state_dir.to_owned(),
        }
    }
}

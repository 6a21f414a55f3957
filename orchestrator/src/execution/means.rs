//! What all runs of a process share. Made once by a verb.

use std::path::PathBuf;
use std::sync::Arc;

use super::reader_settings::ReaderSettings;
use crate::engine::Context;
use crate::model::DeadMan;
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

//! Sends what the collectors of a worker write to the database, for whoever looks from another
//! machine: read from the log files, where secrets are masked already, a few times a second at
//! most, for all runs of the worker together. Nothing waits for it: a database that is slow or
//! away makes holes elsewhere and none in the files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::fleet::worker::logs_to_send::{LogToSend, LogsToSend};
use crate::rundir::{LogPiece, NewPieces, read_new_pieces};
use crate::store::{FleetQueue, LogChunk};

/// Between two transactions; and that long a quick collector has to end, so that it costs one.
const GAP: Duration = Duration::from_millis(250);

/// After one that was large, so that a flood of output is not one of the database.
const LONG_GAP: Duration = Duration::from_secs(1);
const LARGE: u64 = 512 << 10;

/// In one transaction: bytes of the files, and logs.
const MOST_BYTES: u64 = 4 << 20;
const MOST_LOGS: usize = 500;

/// How long one transaction may take, and the pauses after a failure.
const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long a worker that ends waits for its last lines to arrive.
const FAREWELL: Duration = Duration::from_secs(3);

/// The sender of a worker.
pub(crate) struct LogSender {
    logs: LogsToSend,
    queue: FleetQueue,
    state_dir: PathBuf,
    task: JoinHandle<()>,
}

impl LogSender {
    pub(crate) fn start(queue: FleetQueue, state_dir: &Path) -> Self {
        let logs = LogsToSend::default();
        let sending = Sending {
            logs: logs.clone(),
            queue: queue.clone(),
            state_dir: state_dir.to_owned(),
        };
        Self {
            logs,
            queue,
            state_dir: state_dir.to_owned(),
            task: tokio::spawn(sending.go_on()),
        }
    }

    /// Who is told what there is to send.
    pub(crate) fn logs(&self) -> &LogsToSend {
        &self.logs
    }

    /// Sends what is left, as far as that goes in a moment.
    pub(crate) async fn close(self) {
        self.task.abort();
        // It is stopped at a wait: what it was sending is sent again, which changes nothing.
        let _ = self.task.await;
        let sending = Sending {
            logs: self.logs,
            queue: self.queue,
            state_dir: self.state_dir,
        };
        let rest = async { while let Ok(Some(_)) = sending.send().await {} };
        if timeout(FAREWELL, rest).await.is_err() {
            tracing::warn!("the last lines of some logs are in their files only");
        }
    }
}

struct Sending {
    logs: LogsToSend,
    queue: FleetQueue,
    state_dir: PathBuf,
}

/// What was read of one log.
struct ReadLog {
    chunks: Vec<LogChunk>,
    /// As it stands when they are kept.
    after: LogToSend,
    /// Whether that was all there was.
    is_all: bool,
}

impl Sending {
    async fn go_on(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            self.logs.changed().await;
            sleep(GAP).await;
            match self.send().await {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    pause = FIRST_PAUSE;
                    if bytes > LARGE {
                        sleep(LONG_GAP).await;
                    }
                    self.logs.wake();
                }
                Err(error) => {
                    tracing::debug!("logs are not sent to the database: {error}");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    self.logs.wake();
                }
            }
        }
    }

    /// One transaction: how many bytes of logs it was; `None` if there was nothing to send.
    async fn send(&self) -> Result<Option<u64>, String> {
        let mut waiting = self.logs.waiting();
        waiting.truncate(MOST_LOGS);
        if waiting.is_empty() {
            return Ok(None);
        }
        waiting.iter().for_each(|log| self.logs.begin(log));
        let state_dir = self.state_dir.clone();
        let again = waiting.clone();
        let sent = match tokio::task::spawn_blocking(move || read_all(&state_dir, waiting)).await {
            Ok(read) => self.keep(read).await,
            Err(error) => Err(error.to_string()),
        };
        if sent.is_err() {
            again.iter().for_each(|log| self.logs.note(log, false));
        }
        sent.map(Some)
    }

    async fn keep(&self, read: Vec<ReadLog>) -> Result<u64, String> {
        let chunks: Vec<LogChunk> = read.iter().flat_map(|log| log.chunks.iter().cloned()).collect();
        if !chunks.is_empty() {
            match timeout(PATIENCE, self.queue.keep_log_chunks(&chunks)).await {
                Ok(kept) => kept.map_err(|error| error.to_string())?,
                Err(_) => return Err("no answer".to_owned()),
            }
        }
        for log in &read {
            self.logs.note(&log.after, log.is_all);
        }
        Ok(chunks.iter().map(|chunk| chunk.piece.length).sum())
    }
}

fn read_all(state_dir: &Path, logs: Vec<LogToSend>) -> Vec<ReadLog> {
    let mut left = MOST_BYTES;
    let mut read = Vec::new();
    for mut log in logs {
        let new = read_new_pieces((state_dir, &log.log), log.cursor, log.end, left);
        let new = new.unwrap_or_else(|error| {
            // Its collector runs without a log, or somebody removed it.
            tracing::debug!("{} is not sent to the database: {error}", log.log);
            NewPieces {
                is_all: true,
                ..NewPieces::default()
            }
        });
        left = left.saturating_sub(new.pieces.iter().map(|piece| piece.length).sum());
        log.cursor = new.cursor;
        read.push(ReadLog {
            chunks: new.pieces.into_iter().map(|piece| chunk(&log, piece)).collect(),
            is_all: new.is_all,
            after: log,
        });
    }
    read
}

fn chunk(log: &LogToSend, piece: LogPiece) -> LogChunk {
    LogChunk {
        fence: log.fence.clone(),
        log: log.log.clone(),
        piece,
    }
}

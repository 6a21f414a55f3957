//! Our side of a request: hands it to a process of its own and takes its answer. Dropping
//! the future kills that process.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Limits, Outcome, Secret, Stream};
use crate::notify::transport::request::NetworkRequest;
use crate::notify::transport::sender::{ARGUMENT, REQUEST};
use crate::process::{AttemptSpec, ForkServer, OutputSink};
use crate::text::Secrets;

/// From the look-up of the name to the last byte: a web server.
const HTTP_TIME: Duration = Duration::from_secs(15);

/// The same for a mail server, which is spoken with in a dozen turns.
const MAIL_TIME: Duration = Duration::from_secs(20);

/// Ours is 30 MB of address space; a reply has a few lines.
const MEMORY: u64 = 128 << 20;

/// A server that keeps us busy for so long wants just that.
const CPU_TIME: Duration = Duration::from_secs(5);

/// Of what went wrong, in bytes; what is shown of it, in characters. A secret that is cut
/// at the end of the first is not in the second.
const COMPLAINT: usize = 16 << 10;
const SHOWN: usize = 500;

/// Makes requests. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NetworkClient {
    fork_server: ForkServer,
    /// Ours and, below them, those of `.env`.
    variables: Arc<BTreeMap<OsString, OsString>>,
}

impl NetworkClient {
    /// With the variables that have secrets and proxies.
    pub fn new(fork_server: ForkServer, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self {
            fork_server,
            variables: Arc::new(variables.into_iter().collect()),
        }
    }

    /// The value itself.
    pub(crate) fn value(&self, secret: &Secret) -> Result<String, String> {
        let name = match secret {
            Secret::Given(value) => return Ok(value.clone()),
            Secret::Variable(name) => name,
        };
        let value = self.variables.get(OsStr::new(name));
        match value.filter(|value| !value.is_empty()) {
            Some(value) => value
                .to_str()
                .map(str::to_owned)
                .ok_or_else(|| format!("the environment variable {name} is not valid UTF-8")),
            None => Err(format!("the environment variable {name} is not set")),
        }
    }

    /// Makes a request, once.
    pub(crate) async fn send(&self, request: &NetworkRequest) -> Result<(), String> {
        let attempt = self.fork_server.launch(&self.spec(request)?).await;
        let attempt = attempt.map_err(|error| error.to_string())?;
        let mut complaint = Complaint::default();
        let end = attempt.run(&mut complaint).await;
        tracing::debug!(
            peak_bytes = end.usage.max_rss_bytes,
            wall = ?end.usage.wall,
            "a request was made"
        );
        match end.outcome {
            Outcome::Succeeded => Ok(()),
            Outcome::TimedOut { .. } => Err(format!("no answer within {} s", time(request).as_secs())),
            Outcome::Failed(_) if !complaint.0.is_empty() => Err(complaint.text(&request.secrets())),
            // Also what aborts because it gets no more memory.
            Outcome::Failed(exit) | Outcome::OverLimit { exit, .. } => {
                Err(format!("the server answers more than an answer can be ({exit})"))
            }
            outcome => Err(outcome.reason()),
        }
    }

    fn spec(&self, request: &NetworkRequest) -> Result<AttemptSpec, String> {
        let request_text = serde_json::to_string(request).map_err(|error| error.to_string())?;
        let mut env = (*self.variables).clone();
        env.insert(REQUEST.into(), request_text.into());
        Ok(AttemptSpec {
            // A supervisor's is ours, even if the file is replaced while we run.
            program: PathBuf::from("/proc/self/exe"),
            args: vec![ARGUMENT.into()],
            env: env.into_iter().collect(),
            working_directory: None,
            timeout: Some(time(request)),
            idle_timeout: None,
            grace: Duration::ZERO,
            drain: Duration::ZERO,
            kill_wait: AttemptSpec::KILL_WAIT,
            lease: None,
            limits: Limits {
                memory: Some(MEMORY),
                cpu_time: Some(CPU_TIME),
                ..Limits::default()
            },
        })
    }
}

fn time(request: &NetworkRequest) -> Duration {
    match request {
        NetworkRequest::Mail(_) => MAIL_TIME,
        NetworkRequest::Post { .. } | NetworkRequest::Get { .. } => HTTP_TIME,
    }
}

/// The beginning of what it says on stdout.
#[derive(Default)]
struct Complaint(Vec<u8>);

impl Complaint {
    fn text(&self, secrets: &[&str]) -> String {
        let text = String::from_utf8_lossy(&self.0);
        // Servers have been seen to say back what they did not understand.
        let masked = match Secrets::new(secrets.iter().copied()) {
            Some(secrets) => secrets.masked(text.trim()),
            None => text.trim().to_owned(),
        };
        masked.chars().take(SHOWN).collect()
    }
}

impl OutputSink for Complaint {
    async fn chunk(&mut self, stream: Stream, bytes: &[u8]) {
        if stream == Stream::Stdout {
            let room = COMPLAINT.saturating_sub(self.0.len());
            self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    async fn quiet(&mut self) {}
}

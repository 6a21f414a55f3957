//! Who is told and how: each notice is sent to its channel, each try has its result.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Address, Clock, DeadMan, NoticeChannel, Outcome, Stream};
use crate::notify::mail::{Mail, send};
use crate::notify::{http, words};
use crate::process::{Helper, Launcher, OutputSink};
use crate::store::{Notice, Store, StoreError};

/// Notices that are taken at once.
const BATCH: u32 = 20;

/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(60);

/// Tells people. Cheap to clone.
#[derive(Clone)]
pub struct Notifier {
    /// Who wants to be told.
    pub channels: Arc<[NoticeChannel]>,
    /// Who watches for our silence.
    pub dead_man: Option<DeadMan>,
    /// Starts the command of a channel.
    pub launcher: Launcher,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// This machine, for whoever is told.
    pub host: String,
}

impl Notifier {
    /// Delivers what is due, until nothing is. Returns how many tries failed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deliver(&self, store: &Store) -> Result<usize, StoreError> {
        let mut failed = 0;
        loop {
            let notices = store.take_notices(self.clock.now(), BATCH).await?;
            if notices.is_empty() {
                return Ok(failed);
            }
            for notice in notices {
                let channel = self
                    .channels
                    .iter()
                    .find(|channel| channel.name == notice.channel);
                let result = match channel {
                    Some(channel) => self.send(channel, &notice).await,
                    None => Err("the settings have no such channel any more".to_owned()),
                };
                if let Err(error) = &result {
                    failed += 1;
                    tracing::warn!("{} was not told of {}: {error}", notice.channel, notice.subject);
                }
                store.record_delivery(&notice, result, self.clock.now()).await?;
            }
        }
    }

    /// Sends a notice to a channel, whatever that wants to hear.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub async fn send(&self, channel: &NoticeChannel, notice: &Notice) -> Result<(), String> {
        match &channel.address {
            Address::Webhook { url, slack } => {
                let message = if *slack {
                    words::slack(notice, &self.host)
                } else {
                    words::json(notice, &self.host)
                };
                let (url, body) = (url.clone(), message.to_string());
                blocking(move || http::post(&url, &body)).await
            }
            Address::Mail {
                to,
                from,
                server,
                login,
            } => {
                let mail = Mail {
                    to: to.clone(),
                    from: from.clone(),
                    server: server.clone(),
                    login: login.clone(),
                    subject: words::subject(notice),
                    body: words::line(notice, &self.host),
                };
                blocking(move || send(&mail)).await
            }
            Address::Command(line) => self.run_command(line, notice).await,
        }
    }

    /// Runs the command, supervised as collectors are; the notice is in its environment.
    async fn run_command(&self, line: &[String], notice: &Notice) -> Result<(), String> {
        let Some((command, args)) = line.split_first() else {
            return Err("the command is empty".to_owned());
        };
        let found = self.launcher.find(command).map_err(|error| error.message)?;
        let mut env = self.launcher.environment.variables();
        let json = words::json(notice, &self.host).to_string();
        env.push(("ORCHESTRATE_NOTICE".into(), json.into()));
        let args = args.iter().map(OsString::from);
        let helper = Helper {
            program: found.program,
            args: found.leading_args.into_iter().chain(args).collect(),
            env,
            timeout: COMMAND,
        };
        match self.launcher.run_helper(helper, &mut IgnoredOutput).await {
            Ok(Outcome::Succeeded) => Ok(()),
            Ok(outcome) => Err(format!("{command} {}", outcome.reason())),
            Err(error) => Err(error.to_string()),
        }
    }
}

async fn blocking(work: impl FnOnce() -> Result<(), String> + Send + 'static) -> Result<(), String> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(format!("a defect of ours: {error}")))
}

/// Its exit code says all that we want to know.
struct IgnoredOutput;

impl OutputSink for IgnoredOutput {
    async fn chunk(&mut self, _: Stream, _: &[u8]) {}
    async fn quiet(&mut self) {}
}

//! Delivering: each notice to its channel, each try with its result.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Address, Clock, DEFAULT_GRACE, Limits, NoticeChannel, Outcome, Secret, Stream};
use crate::notify::mail::{Mail, send};
use crate::notify::{http, words};
use crate::process::{AttemptSpec, Collectors, Environment, ForkServer, OutputSink};
use crate::store::{Notice, Store, StoreError};

/// Notices that are taken at once.
const BATCH: u32 = 20;

/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(60);

/// What delivering needs. Cheap to clone.
#[derive(Clone)]
pub struct Post {
    /// Who wants to be told.
    pub channels: Arc<[NoticeChannel]>,
    /// Starts commands.
    pub fork_server: ForkServer,
    /// Finds them.
    pub collectors: Arc<Collectors>,
    /// What they inherit.
    pub environment: Arc<Environment>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// This machine, for whoever is told.
    pub host: String,
}

/// Delivers what is due, until nothing is. Returns how many tries failed.
///
/// # Errors
/// The database fails.
pub async fn deliver(store: &Store, post: &Post) -> Result<usize, StoreError> {
    let mut failed = 0;
    loop {
        let notices = store.take_notices(post.clock.now(), BATCH).await?;
        if notices.is_empty() {
            return Ok(failed);
        }
        for notice in notices {
            let channel = post
                .channels
                .iter()
                .find(|channel| channel.name == notice.channel);
            let result = match channel {
                Some(channel) => tell(post, channel, &notice).await,
                None => Err("the settings have no such channel any more".to_owned()),
            };
            if let Err(error) = &result {
                failed += 1;
                tracing::warn!("{} was not told of {}: {error}", notice.channel, notice.subject);
            }
            store.noticed(&notice, result, post.clock.now()).await?;
        }
    }
}

/// Tells a channel something, whatever it wants to hear: to see whether it works.
///
/// # Errors
/// Why it was not told.
pub async fn try_channel(post: &Post, channel: &NoticeChannel, notice: &Notice) -> Result<(), String> {
    tell(post, channel, notice).await
}

async fn tell(post: &Post, channel: &NoticeChannel, notice: &Notice) -> Result<(), String> {
    match &channel.address {
        Address::Webhook { url, slack } => {
            let message = if *slack {
                words::slack(notice, &post.host)
            } else {
                words::json(notice, &post.host)
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
            let (to, from, server, login) = (to.clone(), from.clone(), server.clone(), login.clone());
            let (subject, body) = (words::subject(notice), words::line(notice, &post.host));
            blocking(move || {
                send(&Mail {
                    to: &to,
                    from: &from,
                    server: &server,
                    login: login.as_ref(),
                    subject,
                    body,
                })
            })
            .await
        }
        Address::Command(line) => execute(post, line, notice).await,
    }
}

async fn blocking(work: impl FnOnce() -> Result<(), String> + Send + 'static) -> Result<(), String> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(format!("a defect of ours: {error}")))
}

/// Runs the command, supervised as collectors are; the notice is in its environment.
async fn execute(post: &Post, line: &[String], notice: &Notice) -> Result<(), String> {
    let Some((command, args)) = line.split_first() else {
        return Err("the command is empty".to_owned());
    };
    let resolved = post
        .collectors
        .resolve(command, post.environment.get("PATH"))
        .map_err(|error| error.message)?;
    let mut env = post.environment.variables();
    let json = words::json(notice, &post.host).to_string();
    env.push(("ORCHESTRATE_NOTICE".into(), json.into()));
    let spec = AttemptSpec {
        program: resolved.program,
        args: resolved
            .leading_args
            .into_iter()
            .chain(args.iter().map(OsString::from))
            .collect(),
        env,
        working_directory: None,
        timeout: Some(COMMAND),
        idle_timeout: None,
        grace: DEFAULT_GRACE,
        drain: AttemptSpec::DRAIN,
        kill_wait: AttemptSpec::KILL_WAIT,
        limits: Limits::default(),
    };
    let attempt = post
        .fork_server
        .launch(&spec)
        .await
        .map_err(|error| error.to_string())?;
    let end = attempt.run(&mut Unheard).await;
    match end.outcome {
        Outcome::Succeeded => Ok(()),
        outcome => Err(format!("{command} {}", outcome.reason())),
    }
}

/// Its exit code says all that we want to know.
struct Unheard;

impl OutputSink for Unheard {
    async fn chunk(&mut self, _: Stream, _: &[u8]) {}
    async fn quiet(&mut self) {}
}

/// The value itself.
pub(super) fn value(secret: &Secret) -> Result<String, String> {
    match secret {
        Secret::Given(value) => Ok(value.clone()),
        Secret::Variable(name) => {
            std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))
        }
    }
}

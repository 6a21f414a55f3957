//! Delivering: each notice to its channel, each try with its result.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Address, Clock, DEFAULT_GRACE, Limits, NoticeChannel, Outcome, Stream};
use crate::notify::transport::NetworkClient;
use crate::notify::transport::request::{Mail, NetworkRequest};
use crate::notify::words;
use crate::process::{AttemptSpec, Collectors, Environment, ForkServer, OutputSink};
use crate::store::{Notice, Store, StoreError};

/// Notices that are taken at once: each is somebody's for two minutes only.
const BATCH: u32 = 1;

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
    /// Speaks to servers.
    pub network: NetworkClient,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// This machine, for whoever is told.
    pub host: String,
}

/// Delivers what is due, until nothing is or `stop` is done; what was being delivered then
/// is given back. Returns how many tries failed.
///
/// # Errors
/// The database fails.
pub async fn deliver(
    store: &Store,
    post: &Post,
    stop: impl Future<Output = ()>,
) -> Result<usize, StoreError> {
    let mut stop = std::pin::pin!(stop);
    let mut failed = 0;
    loop {
        let notices = store.take_notices(post.clock.now(), BATCH).await?;
        if notices.is_empty() {
            return Ok(failed);
        }
        for notice in notices {
            let result = tokio::select! {
                biased;
                () = &mut stop => {
                    store.give_back(&notice, post.clock.now()).await?;
                    return Ok(failed);
                }
                result = tell_by_name(post, &notice) => result,
            };
            if let Err(error) = &result {
                failed += 1;
                tracing::warn!("{} was not told of {}: {error}", notice.channel, notice.subject);
            }
            store.record_delivery(&notice, result, post.clock.now()).await?;
        }
    }
}

async fn tell_by_name(post: &Post, notice: &Notice) -> Result<(), String> {
    let mut channels = post.channels.iter();
    match channels.find(|channel| channel.name == notice.channel) {
        Some(channel) => tell(post, channel, notice).await,
        None => Err("the settings have no such channel any more".to_owned()),
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
    let network = &post.network;
    let request = match &channel.address {
        Address::Webhook { url, slack } => NetworkRequest::Post {
            url: network.value(url)?,
            body: if *slack {
                words::slack(notice, &post.host).to_string()
            } else {
                words::json(notice, &post.host).to_string()
            },
        },
        Address::Mail {
            to,
            from,
            server,
            login,
        } => NetworkRequest::Mail(Mail {
            to: to.clone(),
            from: from.clone(),
            server: server.clone(),
            login: match login {
                Some((user, password)) => Some((user.clone(), network.value(password)?)),
                None => None,
            },
            subject: words::subject(notice, &post.host),
            body: words::line(notice, &post.host),
            host: post.host.clone(),
        }),
        Address::Command(line) => return execute(post, line, notice).await,
    };
    network.send(&request).await
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

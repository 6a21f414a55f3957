//! Who is told and how: each notice is sent to its channel, each try has its result.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Address, Clock, DeadMan, Limits, NoticeChannel, Outcome, Stream};
use crate::notify::digest::Digest;
use crate::notify::stop_switch::StopSwitch;
use crate::notify::transport::NetworkClient;
use crate::notify::transport::request::{Mail, NetworkRequest};
use crate::process::{Helper, Launcher, OutputSink};
use crate::store::{Notice, Store, StoreError};
use crate::text::NamedSecrets;

/// A variable of a process may have 128 KiB with its name (execve(2), MAX_ARG_STRLEN).
const IN_VARIABLE: usize = 100_000;

/// A message to a server may be larger.
const IN_MESSAGE: usize = 256 << 10;

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
    /// Speaks to servers.
    pub network: NetworkClient,
    /// Ends all telling.
    pub break_off: StopSwitch,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// This machine, for whoever is told.
    pub host: String,
    /// Where people find the pages about runs.
    pub base_url: Option<String>,
    /// Masked in everything that is told.
    pub secrets: NamedSecrets,
}

/// What came of a delivery.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryTally {
    /// How many tries failed.
    pub failed: usize,
    /// Whether all that was due was tried.
    pub complete: bool,
}

impl Notifier {
    /// Delivers what is due, for as long as `patience` lasts. What is being delivered when it
    /// ends, or when all telling is broken off, is given back.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deliver(&self, store: &Store, patience: Duration) -> Result<DeliveryTally, StoreError> {
        let enough = async {
            tokio::select! {
                biased;
                () = self.break_off.thrown() => {}
                () = tokio::time::sleep(patience) => {}
            }
        };
        let mut enough = std::pin::pin!(enough);
        let mut failed = 0;
        let apart: Vec<&str> = self.apart().collect();
        loop {
            let notices = store.take_notices(self.clock.now(), &apart).await?;
            let Some(first) = notices.first() else {
                let complete = true;
                return Ok(DeliveryTally { failed, complete });
            };
            let result = tokio::select! {
                biased;
                () = &mut enough => {
                    store.give_back(&notices, self.clock.now()).await?;
                    let complete = false;
                    return Ok(DeliveryTally { failed, complete });
                }
                result = self.send_by_name(&first.channel, &notices) => result,
            };
            if let Err(error) = &result {
                failed += 1;
                tracing::warn!("{} was not told of {}: {error}", first.channel, first.batch);
            }
            store.record_delivery(&notices, result, self.clock.now()).await?;
        }
    }

    /// The channels that are told each notice by itself.
    fn apart(&self) -> impl Iterator<Item = &str> {
        let single = self.channels.iter().filter(|channel| !channel.digest);
        single.map(|channel| channel.name.as_str())
    }

    async fn send_by_name(&self, name: &str, notices: &[Notice]) -> Result<(), String> {
        match self.channels.iter().find(|channel| channel.name == name) {
            Some(channel) => self.send(channel, notices).await,
            None => Err("the settings have no such channel any more".to_owned()),
        }
    }

    /// Sends notices to a channel in one message, whatever that wants to hear.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub async fn send(&self, channel: &NoticeChannel, notices: &[Notice]) -> Result<(), String> {
        let network = &self.network;
        let digest = Digest::new(
            notices,
            &self.host,
            self.base_url.as_deref(),
            self.secrets.masker(),
        );
        let json = |bytes: usize| match channel.digest {
            true => digest.json_within(bytes).to_string(),
            false => digest.single_json().to_string(),
        };
        let request = match &channel.address {
            Address::Webhook { url, slack } => NetworkRequest::Post {
                url: network.value(url)?,
                body: if *slack {
                    digest.slack().to_string()
                } else {
                    json(IN_MESSAGE)
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
                subject: digest.subject(),
                body: digest.body(),
                host: self.host.clone(),
            }),
            Address::Command(line) => return self.run_command(line, json(IN_VARIABLE)).await,
        };
        network.send(&request).await
    }

    /// Runs the command, supervised as collectors are; the notice is in its environment.
    async fn run_command(&self, line: &[String], json: String) -> Result<(), String> {
        let Some((command, args)) = line.split_first() else {
            return Err("the command is empty".to_owned());
        };
        let found = self.launcher.resolve(command).map_err(|error| error.message)?;
        let mut env = self.launcher.environment.variables();
        env.push(("ORCHESTRATE_NOTICE".into(), json.into()));
        let args = args.iter().map(OsString::from);
        let helper = Helper {
            program: found.program,
            args: found.leading_args.into_iter().chain(args).collect(),
            env,
            timeout: COMMAND,
            limits: Limits::default(),
        };
        match self.launcher.run_helper(helper, &mut IgnoredOutput).await {
            Ok(Outcome::Succeeded) => Ok(()),
            Ok(outcome) => Err(format!("{command} {}", outcome.reason())),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Its exit code says all that we want to know.
struct IgnoredOutput;

impl OutputSink for IgnoredOutput {
    async fn chunk(&mut self, _: Stream, _: &[u8]) {}
    async fn quiet(&mut self) {}
}

//! One attempt of one task, from its name to its end: find the executable, make
//! its workspace and log, launch it, pass its output on, obey orders.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::engine::engine::Engine;
use crate::engine::events_file::Channel;
use crate::engine::results::{Harvest, harvest};
use crate::engine::sink::{Sink, SinkEnd, Written};
use crate::events::{Bus, TaskProgress, TaskRef, time_left};
use crate::model::{Order, Outcome, RunId, SpawnError, Task};
use crate::process::{AttemptEnd, AttemptSpec, Controller, Isolation, Place, Usage};
use crate::records::Progress;
use crate::rundir::{AttemptLog, DEFAULT_CAP, file_name};
use crate::text::{Redactor, Secrets};

/// Everything about an attempt that is known before it starts.
pub(crate) struct Job {
    pub(crate) engine: Arc<Engine>,
    pub(crate) task: Task,
    pub(crate) task_ref: Arc<TaskRef>,
    pub(crate) run: RunId,
    pub(crate) slot: Timestamp,
    /// What it is run for, if it waits for releases.
    pub(crate) releases: Vec<String>,
    pub(crate) number: u32,
    pub(crate) log: PathBuf,
    /// Its events file, relative to the state directory.
    pub(crate) events: PathBuf,
    /// What it left for itself the last time.
    pub(crate) state: Option<String>,
    pub(crate) bus: Bus,
    pub(crate) orders: mpsc::UnboundedReceiver<Order>,
}

/// An attempt that is over.
#[derive(Debug)]
pub(crate) struct Attempted {
    pub(crate) outcome: Outcome,
    pub(crate) usage: Usage,
    pub(crate) written: Written,
    pub(crate) finished_at: Timestamp,
    pub(crate) truncated: bool,
    /// What was left over and had to be killed, with name and process id.
    pub(crate) leftovers: Vec<String>,
    /// Whether there is a log file.
    pub(crate) logged: bool,
    pub(crate) tail: Vec<String>,
    pub(crate) hint: Option<String>,
    /// What held its tree together; `None` if none ran, or nobody knows.
    pub(crate) isolation: Option<Isolation>,
    pub(crate) harvest: Harvest,
}

impl Job {
    /// Who it is, for diagnostics.
    pub(crate) fn name(&self) -> String {
        let name = format!("{}/{}", self.task_ref.group, self.task_ref.command);
        crate::text::make_safe(&name).into_owned()
    }
}

impl Attempted {
    /// An attempt of which nothing is known but its end.
    pub(crate) fn lost(why: &str, finished_at: Timestamp) -> Self {
        Self {
            outcome: Outcome::Lost(why.to_owned()),
            usage: Usage::default(),
            written: Written::default(),
            finished_at,
            truncated: false,
            leftovers: Vec::new(),
            logged: true,
            tail: Vec::new(),
            hint: None,
            isolation: None,
            harvest: Harvest::default(),
        }
    }
}

impl Attempted {
    /// Whatever a collector or the system has a say in, without its secrets. The tail is
    /// of output that was masked before.
    fn masked(mut self, secrets: &Secrets) -> Self {
        for name in &mut self.leftovers {
            *name = secrets.masked(name);
        }
        self.hint = self.hint.map(|hint| secrets.masked(&hint));
        if let Outcome::NotStarted(error) = &mut self.outcome {
            error.message = secrets.masked(&error.message);
            error.hint = error.hint.take().map(|hint| secrets.masked(&hint));
        }
        self
    }
}

/// Makes the attempt. Whatever goes wrong becomes its outcome.
pub(crate) async fn attempt(mut job: Job) -> Attempted {
    let channel = open_channel(&job);
    let spec = channel
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|channel| specify(&job, channel));
    let log = spec.as_ref().ok().and_then(|_| open_log(&job));
    let logged = log.is_some();
    let clock = Arc::clone(&job.engine.clock);
    let secrets = spec
        .as_ref()
        .ok()
        .and_then(|spec| secrets(&job.engine.secret_names, spec));
    let started = Instant::now();
    let mut sink = Sink::new(
        Arc::clone(&job.task_ref),
        job.bus.clone(),
        clock,
        log,
        secrets.clone(),
    );
    let (end, harvest) = match (spec, channel) {
        (Ok(spec), Ok(mut channel)) => {
            let mut end = execute(
                &mut job,
                &spec,
                &mut sink,
                &mut channel,
                secrets.as_ref(),
                started,
            )
            .await;
            let shown = channel.shown();
            let examined = channel.close(secrets.clone()).await;
            // What was said after the last look is told as well.
            let last = examined
                .as_ref()
                .ok()
                .and_then(|examined| examined.examination.progress.clone());
            if let Some(progress) = last.filter(|last| shown.as_ref() != Some(last)) {
                let progress = told(&job, progress, started.elapsed(), secrets.as_ref());
                job.bus.progress(progress).await;
            }
            let harvest = match &mut end {
                Ok(end) => harvest(&mut job, &mut end.outcome, examined).await,
                Err(_) => Harvest::default(),
            };
            (end, harvest)
        }
        (Err(error), _) | (_, Err(error)) => (Err(error), Harvest::default()),
    };
    let attempted = Attempted {
        logged,
        harvest,
        ..conclude(&job, end, sink.finish().await)
    };
    match secrets {
        Some(secrets) => attempted.masked(&secrets),
        None => attempted,
    }
}

/// The file that the collector may write events into.
fn open_channel(job: &Job) -> Result<Channel, SpawnError> {
    let path = job.engine.state_dir.join(&job.events);
    Channel::create(path.clone()).map_err(|error| SpawnError {
        message: format!("cannot make its events file {}: {error}", path.display()),
        hint: Some("the state directory must be writable and have room".to_owned()),
    })
}

/// What this collector knows and nobody shall read in its output.
fn secrets(names: &[String], spec: &AttemptSpec) -> Option<Secrets> {
    let named = |name: &OsString| names.iter().any(|secret| name == secret.as_str());
    let values = spec
        .env
        .iter()
        .filter(|(name, _)| named(name))
        .filter_map(|(_, value)| value.to_str());
    Secrets::new(values)
}

fn open_log(job: &Job) -> Option<AttemptLog> {
    let cap = job.task.policy.limits.output.unwrap_or(DEFAULT_CAP);
    AttemptLog::create(&job.log, cap)
        .inspect_err(|error| {
            tracing::error!(
                "cannot create {}: {error}; the collector runs without a log",
                job.log.display()
            );
        })
        .ok()
}

/// What to execute, in which environment.
fn specify(job: &Job, channel: &Channel) -> Result<AttemptSpec, SpawnError> {
    let (engine, task, policy) = (&job.engine, &job.task, &job.task.policy);
    let workspace = workspace(job)?;
    let started = engine.clock.now();
    let place = Place {
        run_id: job.run.clone(),
        group: task.group.clone(),
        command: task.command.clone(),
        schedule: task.cadence.keyword().to_owned(),
        attempt: job.number,
        slot: Some(job.slot),
        deadline: policy.timeout.map(|timeout| (started, timeout)),
        workspace: Some(workspace),
        events: Some(channel.path().to_owned()),
        state: job.state.clone(),
        program: engine.program.clone(),
        settings: engine.reader_settings.clone(),
        releases: job.releases.clone(),
    };
    let env = engine.launcher.environment.for_attempt(&policy.env, &place);
    let path = env
        .iter()
        .find(|(name, _)| name == "PATH")
        .map(|(_, value)| value.as_os_str());
    let resolved = engine.launcher.collectors.resolve(task.command.as_str(), path)?;
    let args = resolved
        .leading_args
        .into_iter()
        .chain(task.args.iter().map(Into::into))
        .collect();
    Ok(AttemptSpec {
        program: resolved.program,
        args,
        working_directory: policy.working_directory.clone(),
        timeout: policy.timeout,
        idle_timeout: policy.idle_timeout,
        grace: policy.grace,
        drain: AttemptSpec::DRAIN,
        kill_wait: AttemptSpec::KILL_WAIT,
        limits: policy.limits.clone(),
        env,
    })
}

/// The directory that the collector keeps from run to run.
fn workspace(job: &Job) -> Result<PathBuf, SpawnError> {
    let path = job
        .engine
        .state_dir
        .join("workspaces")
        .join(file_name(job.task.command.as_str()));
    match std::fs::create_dir_all(&path) {
        Ok(()) => Ok(path),
        Err(error) => Err(SpawnError {
            message: format!("cannot make its workspace {}: {error}", path.display()),
            hint: Some("the state directory must be writable and have room".to_owned()),
        }),
    }
}

async fn execute(
    job: &mut Job,
    spec: &AttemptSpec,
    sink: &mut Sink,
    channel: &mut Channel,
    secrets: Option<&Secrets>,
    started: Instant,
) -> Result<AttemptEnd, SpawnError> {
    let attempt = job
        .engine
        .launcher
        .fork_server
        .launch(spec)
        .await
        .map_err(|error| SpawnError {
            message: error.to_string(),
            hint: error.hint().map(str::to_owned),
        })?;
    let controller = attempt.controller();
    let running = attempt.run(sink);
    tokio::pin!(running);
    loop {
        tokio::select! {
            end = &mut running => return Ok(end),
            Some(order) = job.orders.recv() => obey(&controller, order),
            progress = channel.progress() => {
                let progress = told(job, progress, started.elapsed(), secrets);
                job.bus.progress(progress).await;
            }
        }
    }
}

/// Progress as it is shown.
fn told(job: &Job, progress: Progress, elapsed: Duration, secrets: Option<&Secrets>) -> TaskProgress {
    let left = time_left(elapsed, progress.current, progress.total);
    TaskProgress {
        task: Arc::clone(&job.task_ref),
        at: job.engine.clock.now(),
        current: progress.current,
        total: progress.total,
        message: progress.message.map(|message| masked(message, secrets)),
        eta_ms: left.map(crate::engine::run::milliseconds),
    }
}

fn masked(message: String, secrets: Option<&Secrets>) -> String {
    let Some(secrets) = secrets else { return message };
    let mut redactor = Redactor::new(secrets.clone());
    let mut bytes = redactor.push(message.as_bytes()).into_owned();
    bytes.extend_from_slice(&redactor.finish());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn obey(controller: &Controller, order: Order) {
    match order {
        Order::Cancel(cause) => controller.cancel(cause),
        Order::Kill(cause) => controller.kill(cause),
    }
}

fn conclude(job: &Job, end: Result<AttemptEnd, SpawnError>, sink: SinkEnd) -> Attempted {
    let (outcome, usage, leftovers, isolation) = match end {
        Ok(end) => (end.outcome, end.usage, end.leftovers, Some(end.isolation)),
        Err(error) => (Outcome::NotStarted(error), Usage::default(), Vec::new(), None),
    };
    let log = sink.log.unwrap_or_default();
    if let Some(error) = &log.failure {
        tracing::error!("{} is incomplete: {error}", job.log.display());
    }
    let hint = match &outcome {
        Outcome::NotStarted(error) => error.hint.clone(),
        _ => None,
    };
    Attempted {
        tail: if outcome.is_failure() {
            sink.tail.lines()
        } else {
            Vec::new()
        },
        outcome,
        usage,
        written: sink.written,
        finished_at: job.engine.clock.now(),
        truncated: log.truncated,
        leftovers: leftovers
            .iter()
            .map(|left| format!("{} (pid {})", left.name, left.pid))
            .collect(),
        logged: true,
        hint,
        isolation,
        harvest: Harvest::default(),
    }
}

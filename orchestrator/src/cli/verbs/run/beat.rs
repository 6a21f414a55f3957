//! `beat`: the scheduler, which `serve` has answer over HTTP as well.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::{Semaphore, watch};

use crate::cli::args::execute::ExecuteMode;
use crate::cli::args::global::Global;
use crate::cli::args::limit::positive_duration;
use crate::cli::shell::collectors::launcher;
use crate::cli::shell::database::queue::{execute_mode, open_queue, terms};
use crate::cli::shell::executor::executor;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::logging::{line_form, start_service};
use crate::cli::shell::schedule::without_secrets;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::{open_store, prepare_state_dir, runtime, shelf, unusable};
use crate::cli::shell::undelivered;
use crate::cli::verbs::run::desk::ServeDesk;
use crate::cli::verbs::run::introduction::introduce;
use crate::cli::verbs::run::last_good::{keep_last_good, load_or_last_good};
use crate::cli::verbs::run::port::{refuse_locked, take_port};
use crate::cli::verbs::run::schedule_text::schedule_text;
use crate::config::{self, render};
use crate::engine::Hangups;
use crate::events::{Listener, SchedulerStatus};
use crate::execution::{Audience, Executor};
use crate::model::{CancelCause, Clock, LapseClock, Schedule, SystemClock};
use crate::process::open_files;
use crate::report::{Console, Metrics, ServiceLog, Terminal};
use crate::scheduler::host::start_files::warn_of_changes;
use crate::scheduler::{self, QueueDispatch, Scheduler, SchedulerSettings, StaleSchedule};
use crate::store::{Store, WorkerState};
use crate::text::{NamedSecrets, make_safe};
use crate::web::{
    Acting, BROWSER_HOST, Connections, Entrance, LOG_SEARCHES, Listening, LiveFeed, LiveHub, ReadSchedule,
    SignInTries, Site, descriptors_for,
};

/// Run the timetable: every slot once, by itself, until a signal ends it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate beat
  orchestrate beat --concurrency 4 --drain-timeout 1h")]
pub(crate) struct BeatArgs {
    /// How many runs may go on at a time; those of one entry follow each other anyway
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) concurrency: u16,
    /// After SIGTERM, how long runs may go on before they are cancelled
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = positive_duration)]
    pub(crate) drain_timeout: Duration,
    /// Who executes the runs [env: ORCHESTRATE_EXECUTE] [default: local]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(crate) execute: Option<ExecuteMode>,
    /// With a schedule file that is broken or gone, start with what it last was
    /// [also: `schedule_last_good: true` in the settings]
    #[arg(long)]
    pub(crate) last_good: bool,
}

/// The scheduler alone.
pub(crate) fn beat(global: &Global, args: &BeatArgs) -> Result<VerbExit, Failure> {
    schedule_for_ever(global, args, None)
}

/// The scheduler, and what it answers over HTTP to those who come by `entrance`.
pub(crate) fn schedule_for_ever(
    global: &Global,
    args: &BeatArgs,
    entrance: Option<Entrance>,
) -> Result<VerbExit, Failure> {
    let runtime = runtime()?;
    let hangups = runtime
        .block_on(async { Hangups::hear() })
        .map_err(Failure::infrastructure)?;
    let settings = CliSettings::resolve(global)?;
    let execute = execute_mode(&settings, args.execute)?;
    let last_good = args.last_good || settings.file.schedule_last_good;
    let (schedule, stale) = load_or_last_good(&settings, last_good)?;
    settings.warn_of_unset();
    let clock = clock(&settings)?;
    let listening = entrance.map(take_port).transpose()?;
    prepare_state_dir(&settings)?;
    let store = runtime.block_on(open_store(&settings))?;
    runtime
        .block_on(store.check_rights_to_schedule())
        .map_err(unusable)?;
    if let Some((_, entrance)) = &listening {
        runtime.block_on(refuse_locked(entrance, &store, clock.now()))?;
    }
    let queue = runtime.block_on(dispatch(&settings, &store, execute))?;
    runtime.block_on(undelivered::ingest(&shelf(&store), &settings.state_dir))?;
    let (terminal, _logging) = start_service(global, &settings)?;
    keep_or_tell(&settings, stale.as_ref());
    let now = clock.now();
    warn_of_secrets(&settings, &schedule);
    introduce(&schedule, &settings.schedule_file, &launcher(&settings), now);
    let executor = executor(&settings, store, clock)?;
    runtime
        .block_on(async {
            warn_of_changes(settings.read_once.clone());
            executor.obey_terminal_stops()
        })
        .map_err(Failure::infrastructure)?;
    let metrics = Metrics::default();
    let web = listening.map(|port| WebSetup::new(port, &settings, queue.clone()));
    let feed = web.as_ref().map(|web| web.feed.clone());
    let (file, secrets) = (settings.schedule_file.clone(), settings.secrets());
    let state_dir = settings.state_dir.clone();
    let setup = SchedulerSettings {
        executor: Arc::clone(&executor),
        schedule_file: file.clone(),
        schedule,
        stale,
        load: Box::new(move || {
            let schedule = reload(&file, &secrets)?;
            keep_last_good(&state_dir, &file, &secrets);
            Ok(schedule)
        }),
        audience: audience(global, terminal, metrics.clone(), feed),
        queue,
        concurrency: args.concurrency.into(),
        drain_timeout: args.drain_timeout,
        metrics: metrics.clone(),
    };
    runtime.block_on(work(setup, hangups, metrics, web))
}

/// Who is told of each run: the terminal, the log, what is counted, and pages that are open.
fn audience(
    global: &Global,
    terminal: Terminal,
    metrics: Metrics,
    feed: Option<LiveFeed>,
) -> Arc<dyn Fn() -> Audience + Send + Sync> {
    let (quiet, line_form) = (global.quiet, line_form(global));
    Arc::new(move || {
        let mut listeners: Vec<Box<dyn Listener>> = vec![
            Box::new(Console::new(terminal.clone(), !quiet, line_form)),
            Box::new(ServiceLog),
            metrics.listener(),
        ];
        listeners.extend(feed.as_ref().map(LiveFeed::listener));
        Audience {
            listeners,
            with_output: !quiet || feed.is_some(),
        }
    })
}

/// Where runs go instead of being executed here.
async fn dispatch(
    settings: &CliSettings,
    store: &Store,
    execute: ExecuteMode,
) -> Result<Option<QueueDispatch>, Failure> {
    match execute {
        ExecuteMode::Local => {
            warn_of_workers(store).await;
            Ok(None)
        }
        ExecuteMode::Queue => Ok(Some(QueueDispatch {
            queue: open_queue(store, "--execute queue").await?,
            terms: terms(settings),
        })),
    }
}

/// Workers of the same database that have nothing to do, since this process does it all.
async fn warn_of_workers(store: &Store) {
    let workers = store.workers().await.unwrap_or_default();
    let there = workers.iter().filter(|worker| worker.state != WorkerState::Gone);
    if let Some(worker) = there.into_iter().next() {
        print_words!(
            "warning: runs go on in this process, while workers wait for them ({}); --execute queue gives them to \
             workers",
            make_safe(&worker.worker)
        );
    }
}

/// A schedule that can be used is kept for a start with one that cannot; such a start is told.
fn keep_or_tell(settings: &CliSettings, stale: Option<&StaleSchedule>) {
    match stale {
        None => keep_last_good(&settings.state_dir, &settings.schedule_file, &settings.secrets()),
        Some(stale) => tracing::error!(
            "{} cannot be used; the schedule of {:.0}, as it last could be, is in force:\n{}",
            settings.schedule_file.display(),
            stale.good_at,
            stale.error
        ),
    }
}

/// Secrets without a value are masked nowhere.
fn warn_of_secrets(settings: &CliSettings, schedule: &Schedule) {
    for unset in settings.unset_secrets(Some(schedule)) {
        tracing::warn!("{unset}");
    }
}

/// What answers over HTTP, beside the scheduler.
struct WebSetup {
    listening: Listening,
    entrance: Entrance,
    state_dir: PathBuf,
    read_schedule: ReadSchedule,
    feed: LiveFeed,
    secrets: NamedSecrets,
    queue: Option<QueueDispatch>,
}

impl WebSetup {
    fn new(
        (listening, entrance): (Listening, Entrance),
        settings: &CliSettings,
        queue: Option<QueueDispatch>,
    ) -> Self {
        Self {
            listening,
            entrance,
            state_dir: settings.state_dir.clone(),
            read_schedule: schedule_text(settings.schedule_file.clone(), settings.secrets()),
            feed: LiveFeed::default(),
            secrets: settings.secrets(),
            queue,
        }
    }

    /// What it answers with, and where it listens.
    fn site(
        self,
        executor: &Executor,
        (standing, metrics): (watch::Receiver<SchedulerStatus>, Metrics),
        acting: Acting,
        live: LiveHub,
    ) -> (Listening, Site) {
        let address = self.listening.address();
        tracing::info!("listening on http://{address}");
        tracing::info!("for a browser: http://{BROWSER_HOST}:{}", address.port());
        let site = Site {
            store: executor.store.clone(),
            standing,
            metrics,
            clock: Arc::clone(&executor.engine.clock),
            entrance: self.entrance,
            state_dir: self.state_dir,
            read_schedule: self.read_schedule,
            log_searches: Semaphore::new(LOG_SEARCHES),
            tries: SignInTries::default(),
            acting,
            live,
        };
        (self.listening, site)
    }
}

async fn work(
    setup: SchedulerSettings,
    hangups: Hangups,
    metrics: Metrics,
    web: Option<WebSetup>,
) -> Result<VerbExit, Failure> {
    let executor = Arc::clone(&setup.executor);
    let limit = open_files().map_err(Failure::infrastructure)?;
    let connections = connections(limit, setup.concurrency);
    remember_successes(&executor, &setup.schedule, &metrics).await;
    let (scheduler, standing) = Scheduler::new(setup);
    let (ending, end) = watch::channel(false);
    let web = match web {
        Some(web) => {
            let desk = ServeDesk {
                executor: Arc::clone(&executor),
                by_hand: scheduler.by_hand(),
                queue: web.queue.clone(),
                standing: standing.clone(),
                secrets: web.secrets.clone(),
            };
            let acting = Acting::new(Box::new(desk)).map_err(Failure::infrastructure)?;
            let live = LiveHub::new(web.feed.clone(), limit, end.clone());
            let (listening, site) = web.site(&executor, (standing, metrics), acting, live);
            Some(tokio::spawn(listening.serve(site, connections, end)))
        }
        None => None,
    };
    let stopped = scheduler::event_loop::run(scheduler, hangups)
        .await
        .map_err(Failure::infrastructure);
    ending.send_replace(true);
    if let Some(web) = web
        && let Err(error) = web
            .await
            .map_err(anyhow::Error::new)
            .and_then(|served| Ok(served?))
    {
        tracing::warn!("the listener ended badly: {error}");
    }
    executor.close().await;
    tracing::info!("this scheduler has ended");
    Ok(match stopped?.cancelled {
        None => VerbExit::Success,
        Some(CancelCause::Interrupt) => VerbExit::Interrupted,
        Some(_) => VerbExit::Terminated,
    })
}

/// The places for those who connect, beside what `runs` at a time need.
fn connections(limit: u64, runs: usize) -> Connections {
    let needed = descriptors_for(runs);
    if limit < needed {
        tracing::warn!(
            "{limit} files may be open, and {runs} runs at a time may need {needed}: raise the limit (ulimit -n) or lower --concurrency"
        );
    }
    Connections::within(limit, runs)
}

/// The time of the last success of each task, which must be known from the start: an
/// alarm on it must not go off, nor stay silent, because a process was restarted.
async fn remember_successes(executor: &Executor, schedule: &Schedule, metrics: &Metrics) {
    for task in schedule.tasks().filter(|task| task.enabled) {
        let (group, name) = (task.group.as_str(), task.name.as_str());
        match executor.store.last_success(group, name).await {
            Ok(Some(at)) => metrics.remember_success(task, at),
            Ok(None) => {}
            Err(error) => return tracing::warn!("past successes are not in the metrics: {error}"),
        }
    }
}

fn reload(file: &Path, secrets: &NamedSecrets) -> Result<Schedule, String> {
    // Slots do not wait for whoever writes a pipe.
    if std::fs::metadata(file).is_ok_and(|found| !found.is_file()) {
        return Err("it is no regular file any more".to_owned());
    }
    let loaded = config::load_schedule(file).map_err(|error| {
        // Without the lines of the file, which may hold what is nobody's business: this goes
        // into the database and over HTTP. orchestrate check shows them.
        let told: Vec<String> = error.diagnostics().iter().map(ToString::to_string).collect();
        secrets.masked(&told.join("\n"))
    })?;
    for warning in &loaded.warnings {
        // With the line of the file that it is about.
        tracing::warn!("{}", secrets.masked(&render(warning, false)));
    }
    Ok(without_secrets(loaded.value, secrets))
}

/// The machine's clock, or for tests of whole processes a faster one.
fn clock(settings: &CliSettings) -> Result<Arc<dyn Clock>, Failure> {
    const NAME: &str = "ORCHESTRATE_TIME_LAPSE";
    let Some(lapse) = settings.environment.get(NAME) else {
        return Ok(Arc::new(SystemClock));
    };
    let parsed = lapse.to_str().and_then(LapseClock::parse);
    let clock =
        parsed.ok_or_else(|| Failure::usage(format!("{NAME} is not like 2026-11-25T00:00:00Z*60")))?;
    print_words!("warning: {NAME} is set: this scheduler does not live in the present");
    Ok(Arc::new(clock))
}

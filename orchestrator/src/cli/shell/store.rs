//! How verbs come to the store.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anstyle::AnsiColor;

use crate::cli::shell::collectors::launcher;
use crate::cli::shell::database::address::address;
use crate::cli::shell::database::hint::{NO_THREADS, hint_of_database, hint_of_file};
use crate::cli::shell::database::refusal::{FOREIGN, Refusal};
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::config;
use crate::database::{DatabaseAddress, DatabaseError, FileAccess};

pub(crate) use crate::execution::records_in as shelf;
use crate::model::{Clock, SystemClock};
use crate::rundir::{StateDir, Workspaces};
use crate::store::{Recovered, SchemaState, Store, StoreError, this_process};
use crate::text::make_safe;

/// Opens the store, asks it something, and closes it.
///
/// # Errors
/// It cannot be opened, or `ask` fails.
pub(crate) fn with_store<T>(
    settings: &CliSettings,
    ask: impl AsyncFnOnce(&Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let store = open_store(settings).await?;
        let answer = ask(&store).await;
        store.close().await;
        answer
    })
}

/// Opens the store, brings its schema up to date, and settles what a crash left open.
///
/// # Errors
/// One of them fails.
pub(crate) async fn open_store(settings: &CliSettings) -> Result<Store, Failure> {
    let store = wait_for_store(settings).await?;
    warn_of_journals(&store, &settings.state_dir).await?;
    prepare(&store, &settings.state_dir).await?;
    Ok(store)
}

/// Brings the schema of a store up to date, and settles what a crash left open.
///
/// # Errors
/// One of them fails.
pub(crate) async fn prepare(store: &Store, state_dir: &Path) -> Result<(), Failure> {
    store.migrate().await.map_err(unusable)?;
    recover(store, state_dir).await
}

/// A database that is about to be made, beside the journals of one that is gone.
pub(crate) async fn warn_of_journals(store: &Store, state_dir: &Path) -> Result<(), Failure> {
    if store.schema().await.map_err(unusable)? == SchemaState::Absent
        && let Some(found) = Refusal::of_journals(state_dir, &store.name())?
    {
        let yellow = AnsiColor::Yellow.on_default().bold();
        print_words!("{yellow}warning:{yellow:#} {}", make_safe(&found.message));
        print_words!("  hint: {}", make_safe(&found.hint));
    }
    Ok(())
}

/// Opens the store, in a state directory that exists, and leaves it as it is.
///
/// # Errors
/// Either cannot be had.
pub(crate) async fn connect_store(settings: &CliSettings) -> Result<Store, Failure> {
    connect(settings).await?.map_err(unusable)
}

async fn connect(settings: &CliSettings) -> Result<Result<Store, StoreError>, Failure> {
    let directory = &settings.state_dir;
    StateDir(directory)
        .make()
        .map_err(|error| unusable_state_dir(directory, error))?;
    let address = address(settings).await?;
    if let DatabaseAddress::Sqlite {
        access: FileAccess::Read,
        ..
    } = &address
    {
        let name = address.name();
        return Err(
            Failure::usage(format!("{name} may only be read, says `mode=ro` of its URL"))
                .hint("write `mode=rw`, or leave it out"),
        );
    }
    Ok(Store::connect_to(&address).await)
}

/// How long a server is waited for that lets nobody in.
const TURNED_AWAY: Duration = Duration::from_secs(60);

/// Opens the store. A server that is there and lets nobody in (all its connections are in use,
/// or it starts) is waited for, and that is said.
async fn wait_for_store(settings: &CliSettings) -> Result<Store, Failure> {
    let deadline = Instant::now() + TURNED_AWAY;
    let mut told = false;
    loop {
        // Each try takes a while itself.
        match connect(settings).await? {
            Err(StoreError::Database(error @ DatabaseError::TurnedAway { .. }))
                if Instant::now() < deadline =>
            {
                if !std::mem::replace(&mut told, true) {
                    let yellow = AnsiColor::Yellow.on_default().bold();
                    print_words!(
                        "{yellow}warning:{yellow:#} {}; waiting for at most {} s",
                        make_safe(&error.to_string()),
                        TURNED_AWAY.as_secs()
                    );
                }
            }
            done => return done.map_err(unusable),
        }
    }
}

/// Makes the state directory and keeps others out of it, as far as it is ours. Done by the
/// verbs that run something, before anything of it is opened.
///
/// # Errors
/// It cannot be made or read.
pub(crate) fn prepare_state_dir(settings: &CliSettings) -> Result<(), Failure> {
    let state_dir = StateDir(&settings.state_dir);
    let prepared = state_dir.make().and_then(|()| state_dir.protect());
    let warnings = prepared.map_err(|error| unusable_state_dir(&settings.state_dir, error))?;
    let yellow = AnsiColor::Yellow.on_default().bold();
    for warning in warnings {
        print_words!("{yellow}warning:{yellow:#} {}", make_safe(&warning));
    }
    tell_workspaces_apart(settings)
}

/// Once, after an update: with a schedule that cannot be read it waits for the next time.
fn tell_workspaces_apart(settings: &CliSettings) -> Result<(), Failure> {
    let workspaces = Workspaces::of(StateDir(&settings.state_dir));
    if !workspaces.await_telling_apart() {
        return Ok(());
    }
    let Ok(loaded) = config::load_schedule(&settings.schedule_file) else {
        return Ok(());
    };
    let commands: Vec<&str> = loaded.value.tasks().map(|task| task.command.as_str()).collect();
    let collectors = launcher(settings).collectors.without_fallback();
    workspaces
        .tell_apart(&commands, |name| collectors.resolve(name, None).is_ok())
        .map_err(|error| unusable_state_dir(&settings.state_dir, error))
}

pub(crate) fn unusable_state_dir(directory: &Path, error: std::io::Error) -> Failure {
    let hint = hint_of_state_dir(&error);
    let what = format!("cannot use the state directory {}", directory.display());
    Failure::infrastructure(anyhow::Error::new(error).context(what)).hint(hint)
}

/// What to do about a state directory that cannot be used.
pub(crate) fn hint_of_state_dir(error: &std::io::Error) -> String {
    hint_of_file(error).unwrap_or_else(|| {
        "--state-dir or ORCHESTRATE_STATE_DIR names a directory that can be written".to_owned()
    })
}

/// Settles what became of runs whose process is gone, and says so. Done by every verb
/// that opens the store: nobody is shown a run as running that is not.
pub(crate) async fn recover(store: &Store, state_dir: &Path) -> Result<(), Failure> {
    let here = this_process().map_err(Failure::infrastructure)?;
    let found = store
        .recover(state_dir, &here, SystemClock.now())
        .await
        .map_err(unusable)?;
    print_recovered(&found);
    Ok(())
}

/// Says what a recovery found, on standard error.
pub(crate) fn print_recovered(found: &Recovered) {
    let yellow = AnsiColor::Yellow.on_default().bold();
    let lost = found
        .lost
        .iter()
        .map(|(run, reason)| format!("run {run} is lost: {reason}"));
    for text in lost.chain(found.problems.iter().cloned()) {
        print_words!("{yellow}warning:{yellow:#} {}", make_safe(&text));
    }
}

/// A database that cannot be used, with what decides which one it is.
pub(crate) fn unusable(error: StoreError) -> Failure {
    const WHERE: &str =
        "--database-url, ORCHESTRATE_DATABASE_URL, DATABASE_URL or --state-dir decide where the database is";
    let hint = match &error {
        StoreError::Database(error) => hint_of_database(error).unwrap_or_else(|| WHERE.to_owned()),
        StoreError::Foreign { .. } => FOREIGN.to_owned(),
        _ => WHERE.to_owned(),
    };
    Failure::infrastructure(error).hint(hint)
}

/// The runtime of a verb. One thread: a run does one thing at a time, and a
/// message to another thread costs more than most of what it would do there.
///
/// # Errors
/// The system has no resources left.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    check_threads()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(ALWAYS)
        .build()
        .map_err(Failure::infrastructure)?;
    // While there is one thread for what blocks, work waits for it where no other can be started;
    // without any, tokio panics.
    drop(runtime.spawn_blocking(|| ()));
    Ok(runtime)
}

/// No run is as long.
const ALWAYS: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// As many as we start at least: for what blocks, for the log, for SQLite.
const THREADS: usize = 4;

/// Libraries panic where they get no thread, so it is found out before.
fn check_threads() -> Result<(), Failure> {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let mut threads = Vec::with_capacity(THREADS);
    let mut started = Ok(());
    for _ in 0..THREADS {
        let held = Arc::clone(&held);
        let wait = move || drop(held.lock().map(|held| held.recv()));
        match thread::Builder::new().spawn(wait) {
            Ok(thread) => threads.push(thread),
            Err(error) => started = Err(error),
        }
    }
    drop(release);
    for thread in threads {
        // It has only waited.
        let _ = thread.join();
    }
    started.map_err(|error| {
        Failure::infrastructure(anyhow::Error::new(error).context("no thread can be started"))
            .hint(NO_THREADS)
    })
}

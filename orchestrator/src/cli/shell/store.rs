//! How verbs come to the store.

use std::path::Path;

use anstyle::AnsiColor;

use crate::cli::shell::database::address::address;
use crate::cli::shell::database::refusal::{FOREIGN, Refusal};
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::database::{DatabaseAddress, DatabaseError, FileAccess};

pub(crate) use crate::execution::records_in as shelf;
use crate::model::{Clock, SystemClock};
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
    let store = connect_store(settings).await?;
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
    let directory = &settings.state_dir;
    std::fs::create_dir_all(directory).map_err(|error| {
        Failure::infrastructure(
            anyhow::Error::new(error)
                .context(format!("cannot use the state directory {}", directory.display())),
        )
        .hint("--state-dir or ORCHESTRATE_STATE_DIR names a directory that can be written")
    })?;
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
    Store::connect_to(&address).await.map_err(unusable)
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
    let hint = match &error {
        StoreError::Database(DatabaseError::Denied { user, right, table }) => {
            format!("the owner of the tables can allow it: GRANT {right} ON {table} TO \"{user}\"")
        }
        StoreError::Database(DatabaseError::Closed { user, schema, .. }) => {
            format!("its owner can allow it: GRANT USAGE ON SCHEMA {schema} TO \"{user}\"")
        }
        StoreError::Foreign { .. } => FOREIGN.to_owned(),
        _ => "--database-url, ORCHESTRATE_DATABASE_URL, DATABASE_URL or --state-dir decide where the database is"
            .to_owned(),
    };
    Failure::infrastructure(error).hint(hint)
}

/// The runtime of a verb. One thread: a run does one thing at a time, and a
/// message to another thread costs more than most of what it would do there.
///
/// # Errors
/// The system has no resources left.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::infrastructure)
}

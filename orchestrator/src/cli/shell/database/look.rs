//! How verbs that only look come to the store. They create nothing and migrate nothing. Where
//! there is no database they are answered by an empty one in memory, and say so.
//!
//! One thing is written, where it may be: what became of runs whose process is gone. Nobody is
//! to be shown a run as running that is not (docs/design/0006); a record that cannot be written
//! is shown as it is, with a warning.

use crate::cli::shell::database::address::address;
use crate::cli::shell::database::refusal::Refusal;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::{recover, runtime, unusable, unusable_state_dir};
use crate::database::{DatabaseAddress, Stamp};
use crate::rundir::StateDir;
use crate::store::{Looked, SchemaState, Store, this_process};
use crate::text::make_safe;

/// What a verb that looks is shown.
pub(crate) struct Look {
    pub(crate) store: Store,
    /// Whether there is a database: otherwise this one is empty, and nobody else has it.
    pub(crate) exists: bool,
}

/// What was found where our database should be.
pub(crate) enum Found {
    Nothing,
    Usable(Store),
    Refused(Refusal, SchemaState),
}

/// How often a question is asked that somebody disturbs.
const TRIES: u32 = 5;

/// Asks the store something. A file that somebody begins to write meanwhile is asked again.
///
/// # Errors
/// The database cannot be used, or `ask` fails.
pub(crate) fn with_look<T>(
    settings: &CliSettings,
    mut ask: impl AsyncFnMut(&Look) -> Result<T, Failure>,
) -> Result<T, Failure> {
    runtime()?.block_on(async {
        let address = address_now(settings).await?;
        for _ in 0..TRIES {
            let (answer, disturbed) = look_once(settings, &address, &mut ask).await?;
            if !disturbed {
                return answer;
            }
        }
        Err(changed(&address))
    })
}

/// The same for an answer that is printed while it comes: it is asked for once.
///
/// # Errors
/// Those of [`with_look`], or somebody wrote meanwhile.
pub(crate) fn with_one_look<T>(
    settings: &CliSettings,
    mut ask: impl AsyncFnMut(&Look) -> Result<T, Failure>,
) -> Result<T, Failure> {
    runtime()?.block_on(async {
        let address = address_now(settings).await?;
        let (answer, disturbed) = look_once(settings, &address, &mut ask).await?;
        if disturbed { Err(changed(&address)) } else { answer }
    })
}

/// Within a collector its run has the file open.
async fn address_now(settings: &CliSettings) -> Result<DatabaseAddress, Failure> {
    let found = address(settings).await?;
    Ok(match std::env::var_os("ORCHESTRATE_RUN_ID") {
        Some(_) => found.in_use(),
        None => found,
    })
}

fn changed(address: &DatabaseAddress) -> Failure {
    let what = format!(
        "{} was changed while it was read: what was read may be of several moments",
        address.name()
    );
    Failure::infrastructure(anyhow::Error::msg(what)).hint("ask again")
}

/// The answer, and whether it may be of several moments.
async fn look_once<T>(
    settings: &CliSettings,
    address: &DatabaseAddress,
    ask: &mut impl AsyncFnMut(&Look) -> Result<T, Failure>,
) -> Result<(Result<T, Failure>, bool), Failure> {
    let mut stamp = Stamp::of(address);
    let mut look = open(settings, address).await?;
    if look.exists && !is_settled(settings, &look.store).await? {
        look.store.close().await;
        settle(settings, address).await;
        stamp = Stamp::of(address);
        look = open(settings, address).await?;
    }
    let answer = ask(&look).await;
    look.store.close().await;
    Ok((answer, stamp.is_some_and(|stamp| stamp.is_outdated(address))))
}

async fn open(settings: &CliSettings, address: &DatabaseAddress) -> Result<Look, Failure> {
    match find(settings, address).await? {
        Found::Usable(store) => Ok(Look { store, exists: true }),
        Found::Refused(refusal, _) => Err(refusal.into()),
        Found::Nothing => {
            let name = address.name();
            if let Some(refusal) = Refusal::of_journals(&settings.state_dir, &name)? {
                return Err(refusal.into());
            }
            print_words!("There is no database yet: {}.", make_safe(&name));
            let store = Store::empty().await.map_err(unusable)?;
            Ok(Look { store, exists: false })
        }
    }
}

/// Looks where our database should be.
///
/// # Errors
/// It cannot be opened, or another user keeps the state directory to themselves.
pub(crate) async fn find(settings: &CliSettings, address: &DatabaseAddress) -> Result<Found, Failure> {
    StateDir(&settings.state_dir)
        .check_readable()
        .map_err(|error| unusable_state_dir(&settings.state_dir, error))?;
    let Looked::There(store) = Store::look(address).await.map_err(unusable)? else {
        return Ok(Found::Nothing);
    };
    let state = match store.schema().await {
        Ok(state) => state,
        Err(error) => {
            store.close().await;
            return Err(unusable(error));
        }
    };
    if state == SchemaState::Current {
        return Ok(Found::Usable(store));
    }
    store.close().await;
    Ok(match Refusal::of(&state, &address.name()) {
        None => Found::Nothing,
        Some(refusal) => Found::Refused(refusal, state),
    })
}

async fn is_settled(settings: &CliSettings, store: &Store) -> Result<bool, Failure> {
    let here = this_process().map_err(Failure::infrastructure)?;
    let settled = store.is_settled(&settings.state_dir, &here).await;
    settled.map_err(unusable)
}

/// Settles what a crash left open, if that may be written.
async fn settle(settings: &CliSettings, address: &DatabaseAddress) {
    let settled = match Store::connect_to(address).await {
        Ok(store) => {
            let recovered = recover(&store, &settings.state_dir).await;
            store.close().await;
            recovered
        }
        Err(error) => Err(unusable(error)),
    };
    if let Err(failure) = settled {
        let (message, _) = failure.words();
        print_words!(
            "warning: a run whose process is gone cannot be settled from here and is shown as it was: {}",
            make_safe(&message)
        );
    }
}

//! The port of a scheduler that answers: taken, and refused where nobody could come in.

use jiff::Timestamp;

use crate::cli::shell::failure::Failure;
use crate::cli::shell::store::unusable;
use crate::store::Store;
use crate::web::{Entrance, Listening, listen};

/// Takes the port, before anything is started.
///
/// # Errors
/// It is somebody else's, or not ours to take.
pub(crate) fn take_port(entrance: Entrance) -> Result<(Listening, Entrance), Failure> {
    let address = entrance.address;
    let listening = listen(address).map_err(|error| {
        Failure::infrastructure(anyhow::Error::new(error).context(format!("cannot listen on {address}")))
            .hint("--listen names another port, --no-web listens on none")
    })?;
    let address = listening.address();
    Ok((listening, Entrance { address, ..entrance }))
}

/// Where nobody could come in, that is said at once.
///
/// # Errors
/// A token is asked for, and there is none that lets somebody in.
pub(crate) async fn refuse_locked(entrance: &Entrance, store: &Store, now: Timestamp) -> Result<(), Failure> {
    if !entrance.asks_for_token() {
        return Ok(());
    }
    let tokens = store.tokens().await.map_err(unusable)?;
    match tokens.iter().any(|token| token.is_valid(now)) {
        true => Ok(()),
        false => Err(Failure::usage(
            "who comes through a proxy needs a token, and there is none that lets somebody in",
        )
        .hint("orchestrate token create --name NAME --role viewer makes one, in this database")),
    }
}

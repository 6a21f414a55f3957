//! Pages that ask once whether something is to be done, and do it: by a form that works without
//! script. Each says what will happen before it happens.

pub(crate) mod answer;
pub(crate) mod cancel;
pub(crate) mod confirm;
pub(crate) mod pause;
pub(crate) mod retry;
pub(crate) mod run_now;
pub(crate) mod waiting;

use crate::web::route_policy::Routes;

/// The paths of all of them.
pub(crate) fn routes() -> Routes {
    run_now::routes()
        .merge(retry::route())
        .merge(cancel::route())
        .merge(pause::routes())
}

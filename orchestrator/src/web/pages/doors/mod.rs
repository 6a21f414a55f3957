//! Where whoever is not known yet comes in, and where he goes out.

pub(crate) mod login;
pub(crate) mod logout;

use crate::web::route_policy::Routes;

/// The paths of both.
pub(crate) fn routes() -> Routes {
    login::route().merge(logout::route())
}

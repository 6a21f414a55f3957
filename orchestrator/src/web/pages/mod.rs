//! Pages for people. One file a page: its route and its handler.

pub(crate) mod actions;
pub(crate) mod audit;
pub(crate) mod collector;
pub(crate) mod doors;
pub(crate) mod faults;
pub(crate) mod frame;
pub(crate) mod home;
pub(crate) mod logs;
pub(crate) mod page_text;
pub(crate) mod records;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod timeline;
pub(crate) mod workers;

use crate::web::route_policy::Routes;

/// The pages for who may look.
pub(crate) fn routes() -> Routes {
    home::route()
        .merge(run::route())
        .merge(logs::page::route())
        .merge(logs::raw::route())
        .merge(runs::route())
        .merge(collector::route())
        .merge(records::route())
        .merge(schedule::route())
        .merge(timeline::route())
        .merge(workers::route())
        .merge(actions::routes())
        .merge(audit::route())
}

//! What somebody is to be told, and whether they were. A run is looked at once, and
//! its notices are written in the same transaction (`raise`); they are delivered later, by
//! whoever comes first, and each try leaves its result (`deliver`).

pub(crate) mod after;
pub(crate) mod deliver;
pub(crate) mod notice;
pub(crate) mod raise;

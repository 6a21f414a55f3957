//! Pages for people. One file a page: its route and its handler.

pub(crate) mod home;

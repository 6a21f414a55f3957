//! Hands on attempts that go on: on one of them, and on all of this process at once.

pub(crate) mod controller;
pub(crate) mod running;
pub(crate) mod stop;

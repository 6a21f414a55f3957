//! `orchestrate` as its users run it: real binary, real collectors, real files.

mod contract;
mod diagnostics;
mod django;
mod hostile;
mod running;
mod selecting;
mod signals;
mod support;

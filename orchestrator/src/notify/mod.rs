//! Telling somebody: raises notices of how runs ended and delivers them, by webhook,
//! mail or command. Runs and the beat call it when they have nothing better to do;
//! what cannot be delivered now stays in the database and is tried again. It never
//! fails a run, and never shows where a channel leads: who knows that may write there.

mod dead_man;
mod deliver;
mod http;
mod mail;
mod raise;
mod words;

pub use dead_man::pulse;
pub use deliver::{Post, deliver, try_channel};
pub use raise::{late, missed, raise};

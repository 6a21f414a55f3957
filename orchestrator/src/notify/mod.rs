//! Telling somebody: raises notices of how runs ended and delivers them, by webhook,
//! mail or command. Runs and the beat call it when they have nothing better to do;
//! what cannot be delivered now stays in the database and is tried again. It never
//! fails a run, and never shows where a channel leads: who knows that may write there.

pub(crate) mod dead_man;
pub(crate) mod digest;
pub(crate) mod long;
pub(crate) mod notifier;
pub(crate) mod raise;
pub(crate) mod stop_switch;
pub(crate) mod transport;
pub(crate) mod words;

pub use notifier::{DeliveryTally, Notifier};
pub use raise::{NoticedTask, SlotNotice};
pub use stop_switch::StopSwitch;
pub use transport::{NetworkClient, sender_entry};

//! Everything that notices and the dead man's watch say over a network. Each request is
//! made by a process of its own (our own program, supervised as collectors are), so that
//! the kernel bounds its time and its memory whatever a server sends or a library does
//! with it, and so that nothing of it outlives us (docs/design/0013-network.md). Never
//! shows where a request goes: who knows that may write there.

pub(crate) mod client;
pub(crate) mod http;
pub(crate) mod mail;
pub(crate) mod message_header;
pub(crate) mod request;
pub(crate) mod sender;

pub use client::NetworkClient;
pub use sender::sender_entry;

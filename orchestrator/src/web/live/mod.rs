//! What pages are told while they are open: one stream of server-sent events a tab
//! (`/live`). A message is the whole newest state of what is watched, so that a reader who misses
//! one has missed nothing, nothing waits in a queue for anybody, and no viewer can hold back a
//! collector: `feed` keeps what runs of this process do now, `channels` has one message for all
//! who watch the same, made by `keep`, `stream` hands the newest one to each, and `places` says
//! how many there may be.

pub(crate) mod channels;
pub(crate) mod feed;
pub(crate) mod home;
pub(crate) mod hub;
pub(crate) mod keep;
pub(crate) mod log;
pub(crate) mod news;
pub(crate) mod places;
pub(crate) mod run;
pub(crate) mod stream;
pub(crate) mod topic;

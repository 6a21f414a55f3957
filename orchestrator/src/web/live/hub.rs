//! What a site has to be live.

use tokio::sync::watch;

use crate::web::live::channels::Channels;
use crate::web::live::feed::LiveFeed;
use crate::web::live::places::StreamPlaces;

/// All of it.
pub(crate) struct LiveHub {
    /// What runs of this process do now.
    pub(crate) feed: LiveFeed,
    /// What is watched, each made once for all who watch it.
    pub(crate) channels: Channels,
    /// Who may watch.
    pub(crate) places: StreamPlaces,
    /// Becomes true when the process is to end: no stream outlives that.
    pub(crate) end: watch::Receiver<bool>,
}

impl LiveHub {
    /// For as many streams as `open_files`, the limit of the process, allows.
    pub(crate) fn new(feed: LiveFeed, open_files: u64, end: watch::Receiver<bool>) -> Self {
        Self {
            feed,
            channels: Channels::default(),
            places: StreamPlaces::within(open_files),
            end,
        }
    }
}

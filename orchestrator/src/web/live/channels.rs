//! One channel for each thing that is watched: the newest message, made once for all who watch.
//! It begins with its first viewer and ends with its last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::body::Bytes;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

use crate::web::live::topic::LiveTopic;

/// The newest message of a channel, once there is one.
pub(crate) type Newest = watch::Receiver<Option<Bytes>>;

/// Those that somebody watches.
#[derive(Default)]
pub(crate) struct Channels(Mutex<HashMap<LiveTopic, Weak<Channel>>>);

/// What is watched by everybody who holds this.
pub(crate) struct Channel {
    newest: Newest,
    keeper: AbortHandle,
}

impl Channels {
    /// Joins those who watch; for the first, `keep` begins to make messages.
    pub(crate) fn join(
        &self,
        topic: &LiveTopic,
        keep: impl FnOnce(watch::Sender<Option<Bytes>>) -> JoinHandle<()>,
    ) -> Arc<Channel> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One whose keeper has ended tells nothing new any more.
        let there = open.get(topic).and_then(Weak::upgrade);
        if let Some(channel) = there.filter(|channel| !channel.keeper.is_finished()) {
            return channel;
        }
        open.retain(|_, channel| channel.strong_count() > 0);
        let (sender, newest) = watch::channel(None);
        let channel = Arc::new(Channel {
            newest,
            keeper: keep(sender).abort_handle(),
        });
        open.insert(topic.clone(), Arc::downgrade(&channel));
        channel
    }
}

impl Channel {
    /// Its messages, from the newest one on.
    pub(crate) fn newest(&self) -> Newest {
        let mut newest = self.newest.clone();
        if newest.borrow().is_some() {
            newest.mark_changed();
        }
        newest
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_for_ever(sender: watch::Sender<Option<Bytes>>) -> JoinHandle<()> {
        tokio::spawn(async move {
            sender.send_replace(Some(Bytes::from_static(b"x")));
            std::future::pending::<()>().await;
            drop(sender);
        })
    }

    #[tokio::test]
    async fn there_is_one_for_all_who_watch_and_none_for_nobody() {
        let channels = Channels::default();
        let first = channels.join(&LiveTopic::Home, wait_for_ever);
        let second = channels.join(&LiveTopic::Home, |_| panic!("there is one"));
        assert!(Arc::ptr_eq(&first, &second));
        let mut newest = second.newest();
        newest.changed().await.unwrap();
        // Who comes later has the newest at once.
        assert!(first.newest().has_changed().unwrap());
        drop((first, second));
        // Its keeper is gone, and with it the other end.
        assert!(newest.changed().await.is_err());
        let again = channels.join(&LiveTopic::Home, wait_for_ever);
        assert!(!again.keeper.is_finished());
    }
}

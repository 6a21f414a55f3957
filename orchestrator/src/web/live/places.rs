//! Who may have a stream open. Browsers open six connections to a site and no more, so that a
//! seventh tab would wait for ever: one browser has four streams, and its oldest makes room for
//! its newest. All together take no more than a share of the descriptors, which belong to runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Of one browser, beside what its pages are loaded with.
const OF_A_VIEWER: usize = 4;

/// More than this serve nobody.
const MOST: u64 = 200;

/// The places. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct StreamPlaces(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    held: Mutex<HeldPlaces>,
}

#[derive(Debug, Default)]
struct HeldPlaces {
    /// By age: numbers are given in order.
    streams: BTreeMap<u64, HeldStream>,
    next: u64,
}

#[derive(Debug)]
struct HeldStream {
    viewer: Option<String>,
    gives_way: Arc<Notify>,
}

/// The place of one stream, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct StreamPlace {
    number: u64,
    gives_way: Arc<Notify>,
    shared: Arc<Shared>,
}

impl StreamPlaces {
    /// A quarter of the limit of open files, at most.
    pub(crate) fn within(open_files: u64) -> Self {
        let most = (open_files / 4).min(MOST);
        Self(Arc::new(Shared {
            most: usize::try_from(most).unwrap_or(usize::MAX),
            held: Mutex::default(),
        }))
    }

    /// A place; the oldest of the same viewer gives way where it has as many as it may have. `None`
    /// if all are taken by others. Who says no name is a viewer for itself.
    pub(crate) fn admit(&self, viewer: Option<&str>) -> Option<StreamPlace> {
        let mut held = self.0.held();
        let is_own = |stream: &HeldStream| viewer.is_some() && stream.viewer.as_deref() == viewer;
        let own: Vec<u64> = held
            .streams
            .iter()
            .filter(|(_, stream)| is_own(stream))
            .map(|(number, _)| *number)
            .collect();
        let full = held.streams.len() >= self.0.most;
        if let Some(oldest) = own.first().filter(|_| full || own.len() >= OF_A_VIEWER) {
            if let Some(stream) = held.streams.remove(oldest) {
                stream.gives_way.notify_one();
            }
        } else if full {
            return None;
        }
        let number = held.next;
        held.next += 1;
        let gives_way = Arc::<Notify>::default();
        let stream = HeldStream {
            viewer: viewer.map(str::to_owned),
            gives_way: Arc::clone(&gives_way),
        };
        held.streams.insert(number, stream);
        Some(StreamPlace {
            number,
            gives_way,
            shared: Arc::clone(&self.0),
        })
    }
}

impl StreamPlace {
    /// Waits until a newer stream of the same viewer needs it.
    pub(crate) async fn gives_way(&self) {
        self.gives_way.notified().await;
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        self.shared.held().streams.remove(&self.number);
    }
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, HeldPlaces> {
        // Nothing is left half done by a panic in here.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gave_way(place: &StreamPlace) -> bool {
        !place.shared.held().streams.contains_key(&place.number)
    }

    #[tokio::test]
    async fn the_oldest_of_a_viewer_makes_room_for_its_newest() {
        let places = StreamPlaces::within(1024);
        let own: Vec<_> = (0..8).map(|_| places.admit(Some("a")).unwrap()).collect();
        let left: Vec<bool> = own.iter().map(gave_way).collect();
        assert_eq!(left, [true, true, true, true, false, false, false, false]);
        own[0].gives_way().await;
        let others: Vec<_> = (0..8).map(|_| places.admit(None).unwrap()).collect();
        assert!(!others.iter().any(gave_way));
    }

    #[test]
    fn all_together_take_a_quarter_of_the_descriptors() {
        let places = StreamPlaces::within(256);
        let held: Vec<_> = (0..64).map(|_| places.admit(None).unwrap()).collect();
        assert!(places.admit(None).is_none() && places.admit(Some("a")).is_none());
        drop(held);
        let one = places.admit(Some("a")).unwrap();
        let _rest: Vec<_> = (0..63).map(|_| places.admit(None).unwrap()).collect();
        // In a full house a viewer has what it had.
        let next = places.admit(Some("a")).unwrap();
        assert!(gave_way(&one) && !gave_way(&next));
        assert_eq!(StreamPlaces::within(1 << 20).0.most, 200);
    }
}

//! Who may be connected. A connection takes a descriptor, and descriptors belong to runs
//! first: there are so many places and no more, far below the limit of the process, and one
//! address takes half of them at most. Whoever is here and asks nothing gives way to whoever
//! comes. Each request, and each answer that goes on for hours, holds the place of its
//! connection. Knows no sockets.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What a run needs: journal, orders, logs, events, pipes, its supervisor, the database.
const OF_A_RUN: u64 = 10;

/// What we need ourselves, without runs and connections; and what is leaving.
const OF_OURS: u64 = 64;

/// So many that were told to go may still be here while others have their places already: a
/// connection that answers in a crowd hears it late, and nobody who comes waits for that.
const LEAVING: usize = 8;

/// More places than this serve nobody: who waits asks again.
const MOST: u64 = 256;

/// Fewer than this, and a browser cannot load a page.
const FEWEST: u64 = 8;

/// How many descriptors the scheduler needs that runs so many collectors at a time.
pub(crate) fn descriptors_for(runs: usize) -> u64 {
    OF_OURS.saturating_add(OF_A_RUN.saturating_mul(runs as u64))
}

/// The places. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    share: usize,
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    /// By age: numbers are given in order.
    held: BTreeMap<u64, Held>,
    next: u64,
}

impl Places {
    /// Who has not been told to go.
    fn staying(&self) -> impl Iterator<Item = (&u64, &Held)> {
        let stays = |held: &Held| !held.activity.leaving.load(Ordering::Relaxed);
        self.held.iter().filter(move |(_, held)| stays(held))
    }
}

#[derive(Debug)]
struct Held {
    peer: IpAddr,
    activity: Arc<Activity>,
    evicted: Arc<Notify>,
}

/// What a connection does at present.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// A request is being answered.
    answering: AtomicBool,
    /// Its answer waits for a reader.
    stalled: AtomicBool,
    /// It has been told to go.
    leaving: AtomicBool,
}

impl Activity {
    /// A request has come; until the result is dropped it is being answered.
    pub(crate) fn answer(self: &Arc<Self>) -> Answering {
        self.answering.store(true, Ordering::Relaxed);
        Answering(Arc::clone(self))
    }

    pub(crate) fn set_stalled(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Relaxed);
    }

    /// Whether nobody waits for its end but a peer that does nothing.
    fn is_idle(&self) -> bool {
        !self.answering.load(Ordering::Relaxed) || self.stalled.load(Ordering::Relaxed)
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Answering(Arc<Activity>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.store(false, Ordering::Relaxed);
    }
}

/// The place of one connection, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPlace {
    number: u64,
    pub(crate) activity: Arc<Activity>,
    evicted: Arc<Notify>,
    shared: Arc<Shared>,
}

impl ConnectionPlace {
    /// Waits until somebody else needs it more.
    pub(crate) async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.shared.places().held.remove(&self.number);
    }
}

/// What becomes of somebody who comes.
enum Verdict {
    Enters,
    /// And this one goes.
    InsteadOf(u64),
    Refused,
}

impl Connections {
    /// As many as the limit of open files allows beside so many runs at a time.
    pub(crate) fn within(open_files: u64, runs: usize) -> Self {
        let left = open_files.saturating_sub(descriptors_for(runs));
        let most = left.min(open_files / 4).clamp(FEWEST, MOST);
        Self::of(usize::try_from(most).unwrap_or(usize::MAX))
    }

    fn of(most: usize) -> Self {
        Self(Arc::new(Shared {
            most,
            share: most.div_ceil(2),
            places: Mutex::default(),
        }))
    }

    /// How many there are.
    pub(crate) fn most(&self) -> usize {
        self.0.most
    }

    /// Whether the next one takes somebody's place.
    pub(crate) fn are_taken(&self) -> bool {
        self.0.places().staying().count() >= self.0.most
    }

    /// A place for a connection from `peer`; whoever gives way for it is told to go. `None` if
    /// nobody does, or too many have not gone yet. To be asked by one at a time.
    pub(crate) fn admit(&self, peer: IpAddr) -> Option<ConnectionPlace> {
        let peer = network_of(peer);
        match self.0.judge(peer) {
            Verdict::Enters => {}
            Verdict::Refused => return None,
            Verdict::InsteadOf(number) => self.0.evict(number),
        }
        Some(self.enter(peer))
    }

    fn enter(&self, peer: IpAddr) -> ConnectionPlace {
        let (activity, evicted) = (Arc::<Activity>::default(), Arc::<Notify>::default());
        let mut places = self.0.places();
        let number = places.next;
        places.next += 1;
        let held = Held {
            peer,
            activity: Arc::clone(&activity),
            evicted: Arc::clone(&evicted),
        };
        places.held.insert(number, held);
        ConnectionPlace {
            number,
            activity,
            evicted,
            shared: Arc::clone(&self.0),
        }
    }
}

impl Shared {
    fn places(&self) -> MutexGuard<'_, Places> {
        // Nothing is left half done by a panic in here.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, peer: IpAddr) -> Verdict {
        let places = self.places();
        let count = |peer: IpAddr| places.staying().filter(|(_, held)| held.peer == peer).count();
        let (own, staying) = (count(peer), places.staying().count());
        let leaving = places.held.len() - staying;
        if own < self.share && staying < self.most && places.held.len() < self.most + LEAVING {
            return Verdict::Enters;
        }
        let full = staying >= self.most;
        if leaving >= LEAVING {
            return Verdict::Refused;
        }
        // From those who have more than they would leave us; of them from who has the most,
        // first who has nothing to do, and the oldest.
        let gives_way = |(number, held): (&u64, &Held)| {
            let (theirs, idle) = (count(held.peer), held.activity.is_idle());
            let may = match (held.peer == peer, idle) {
                (true, idle) => idle,
                (false, true) => own < self.share && theirs > own,
                (false, false) => own < self.share && theirs > own + 1,
            };
            may.then_some((idle, theirs, std::cmp::Reverse(*number)))
        };
        let candidates = places.staying().filter_map(gives_way);
        match candidates.max() {
            Some((_, _, std::cmp::Reverse(number))) if full || own >= self.share => {
                Verdict::InsteadOf(number)
            }
            _ => Verdict::Refused,
        }
    }

    fn evict(&self, number: u64) {
        if let Some(held) = self.places().held.get(&number) {
            held.activity.leaving.store(true, Ordering::Relaxed);
            held.evicted.notify_one();
        }
    }
}

/// Who shares a share: an address, or the network that one customer of IPv6 has as a rule.
pub(crate) fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    /// Whoever is told to go for it has gone when this returns.
    async fn admit(connections: &Connections, last: u8) -> Option<ConnectionPlace> {
        let place = connections.admit(address(last));
        tokio::task::yield_now().await;
        place
    }

    /// So many connections, each of which goes when it is told to; who goes is counted.
    async fn stay(connections: &Connections, last: u8, count: usize, busy: bool) -> Arc<AtomicBool> {
        let left = Arc::new(AtomicBool::new(false));
        for _ in 0..count {
            let place = admit(connections, last).await.expect("there is room");
            let answering = busy.then(|| place.activity.answer());
            let left = Arc::clone(&left);
            tokio::spawn(async move {
                place.evicted().await;
                left.store(true, Ordering::Relaxed);
                drop((answering, place));
            });
        }
        left
    }

    #[test]
    fn descriptors_are_set_aside_for_runs() {
        let most = |open_files, runs| Connections::within(open_files, runs).most();
        assert_eq!(most(256, 16), 32);
        assert_eq!(most(1024, 16), 256);
        assert_eq!(most(1 << 20, 16), 256);
        assert_eq!(most(1 << 20, 1000), 256);
        assert_eq!(most(256, 1000), 8);
    }

    #[tokio::test]
    async fn one_address_takes_half_and_no_more() {
        let connections = Connections::of(8);
        let left = stay(&connections, 1, 4, true).await;
        assert!(admit(&connections, 1).await.is_none(), "each of its own is busy");
        let other = admit(&connections, 2).await;
        assert!(other.is_some() && !left.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn who_asks_nothing_gives_way_to_its_own_address() {
        let connections = Connections::of(8);
        let left = stay(&connections, 1, 4, false).await;
        assert!(admit(&connections, 1).await.is_some());
        assert!(left.load(Ordering::Relaxed));
        assert!(!connections.are_taken());
    }

    #[tokio::test]
    async fn a_full_house_makes_room_for_who_has_least() {
        let connections = Connections::of(8);
        let (many, few) = (
            stay(&connections, 1, 4, true).await,
            stay(&connections, 2, 3, false).await,
        );
        let last = stay(&connections, 3, 1, true).await;
        assert!(connections.are_taken());
        // Who is idle goes first.
        let one = admit(&connections, 4).await.unwrap();
        let _one = (one.activity.answer(), one);
        assert!(few.load(Ordering::Relaxed) && !many.load(Ordering::Relaxed));
        stay(&connections, 5, 1, true).await;
        stay(&connections, 6, 1, true).await;
        assert!(!many.load(Ordering::Relaxed), "others were idle");
        // Now all are busy: whoever has the most gives one.
        assert!(admit(&connections, 7).await.is_some());
        assert!(many.load(Ordering::Relaxed) && !last.load(Ordering::Relaxed));
    }

    /// Those who do not hear that they are to go keep nobody waiting, and are bounded.
    #[test]
    fn whoever_leaves_late_keeps_nobody_waiting() {
        let connections = Connections::of(4);
        let mut here: Vec<_> = (1..=4)
            .map(|last| connections.admit(address(last)).unwrap())
            .collect();
        for last in 0..u8::try_from(LEAVING).unwrap() {
            here.push(connections.admit(address(100 + last)).unwrap());
        }
        assert!(
            connections.admit(address(200)).is_none(),
            "as many are leaving as may be"
        );
        assert_eq!(here.len(), 4 + LEAVING);
        here.remove(0);
        assert!(connections.admit(address(200)).is_some());
    }

    #[tokio::test]
    async fn who_does_not_read_its_answer_is_idle() {
        let connections = Connections::of(2);
        let place = admit(&connections, 1).await.unwrap();
        let _answering = place.activity.answer();
        assert!(admit(&connections, 1).await.is_none());
        place.activity.set_stalled(true);
        tokio::spawn(async move { place.evicted().await });
        assert!(admit(&connections, 1).await.is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer() {
        let network_of = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!(network_of("::ffff:127.0.0.1"), "127.0.0.1");
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network_of("::1"), "::1");
    }
}

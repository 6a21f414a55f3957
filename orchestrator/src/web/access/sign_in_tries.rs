//! How often somebody may show a token that is none. Nobody guesses 256 bits; who tries is
//! slowed down all the same, and so are the database and the log.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderName};
use jiff::{SignedDuration, Timestamp};

use crate::web::access::entrance::Entrance;
use crate::web::connections::network_of;

/// So many tries may fail from one address, or network of IPv6, within [`WINDOW`].
const MOST: u32 = 10;

const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// So many addresses are remembered; those that come then share one place.
const ADDRESSES: usize = 1024;

/// Proxies add whom they speak for at its end.
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whoever has no address of his own in the memory.
const OTHERS: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// The other end of a connection; among a request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Tries that failed, by address.
#[derive(Debug, Default)]
pub(crate) struct SignInTries(Mutex<HashMap<IpAddr, Failures>>);

#[derive(Debug, Clone, Copy)]
struct Failures {
    since: Timestamp,
    count: u32,
}

impl Failures {
    /// A clock that was set back forgives.
    fn count_at(self, now: Timestamp) -> Option<u32> {
        let age = now.duration_since(self.since);
        (age >= SignedDuration::ZERO && age < WINDOW).then_some(self.count)
    }
}

impl SignInTries {
    /// How long nobody of this address may try; `None` if he may now.
    pub(crate) fn wait(&self, address: IpAddr, now: Timestamp) -> Option<SignedDuration> {
        let address = network_of(address);
        self.with(|tries| {
            let failures = *tries.get(&place(tries, address))?;
            let count = failures.count_at(now)?;
            (count >= MOST).then(|| WINDOW - now.duration_since(failures.since))
        })
    }

    /// Remembers that a try failed.
    pub(crate) fn count(&self, address: IpAddr, now: Timestamp) {
        let address = network_of(address);
        self.with(|tries| {
            if !tries.contains_key(&address) && tries.len() >= ADDRESSES {
                tries.retain(|_, failures| failures.count_at(now).is_some());
            }
            let place = place(tries, address);
            let failures = tries.entry(place).or_insert(Failures { since: now, count: 0 });
            if failures.count_at(now).is_none() {
                *failures = Failures { since: now, count: 0 };
            }
            failures.count += 1;
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<IpAddr, Failures>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn place(tries: &HashMap<IpAddr, Failures>, address: IpAddr) -> IpAddr {
    match tries.contains_key(&address) || tries.len() < ADDRESSES {
        true => address,
        false => OTHERS,
    }
}

/// Who asks: the other end of the connection, or whom a proxy speaks for. Without a proxy the
/// header is anybody's words.
pub(crate) fn address(headers: &HeaderMap, peer: Option<Peer>, entrance: &Entrance) -> IpAddr {
    let peer = peer.map_or(OTHERS, |Peer(ip)| ip);
    if !entrance.behind_proxy {
        return peer;
    }
    let said = headers.get_all(FORWARDED).iter().next_back();
    let last = said
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|last| last.trim().parse().ok());
    last.unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::access::entrance::tests::{local, public};

    /// Each in a network of its own.
    fn ip(network: u16) -> IpAddr {
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, 1))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn ten_may_fail_in_a_minute() {
        let tries = SignInTries::default();
        for second in 0..10 {
            assert_eq!(tries.wait(ip(1), at(second)), None, "{second}");
            tries.count(ip(1), at(second));
        }
        assert_eq!(tries.wait(ip(1), at(20)), Some(SignedDuration::from_secs(40)));
        assert_eq!(tries.wait(ip(2), at(20)), None, "somebody else");
        let beside = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 2));
        assert!(
            tries.wait(beside, at(20)).is_some(),
            "one customer has all of a /64"
        );
        assert_eq!(tries.wait(ip(1), at(60)), None, "a minute later");
        tries.count(ip(1), at(61));
        assert_eq!(tries.wait(ip(1), at(62)), None);
        assert_eq!(tries.wait(ip(1), at(-5)), None, "a clock that was set back");
    }

    #[test]
    fn a_crowd_costs_no_more_than_its_places() {
        let tries = SignInTries::default();
        for last in 0..3000 {
            tries.count(ip(last), at(0));
        }
        assert!(tries.with(|tries| tries.len()) <= ADDRESSES + 1);
        assert!(
            tries.wait(ip(2999), at(1)).is_some(),
            "those without a place share one"
        );
        assert_eq!(
            tries.wait(ip(7), at(1)),
            None,
            "who has one is not blamed for others"
        );
        tries.count(ip(5000), at(100));
        assert_eq!(tries.with(|tries| tries.len()), 1, "what is over is forgotten");
    }

    #[test]
    fn a_proxy_is_believed_and_nobody_else() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED, "10.9.9.9".parse().unwrap());
        headers.append(FORWARDED, "6.6.6.6, 192.0.2.7".parse().unwrap());
        let behind = Entrance {
            behind_proxy: true,
            ..public("https://ops.example")
        };
        let peer = Some(Peer(ip(1)));
        assert_eq!(address(&headers, peer, &local()), ip(1));
        assert_eq!(address(&headers, peer, &behind).to_string(), "192.0.2.7");
        assert_eq!(address(&HeaderMap::new(), peer, &behind), ip(1));
    }
}

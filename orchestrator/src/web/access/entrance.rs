//! Under which names a site answers, and whom without a token.

use std::net::{IpAddr, SocketAddr};

use url::{Position, Url};

/// What whoever started `serve` said of who comes.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The address under which browsers of other machines come, through a proxy.
    pub(crate) public_url: Option<Url>,
    /// Whether a proxy stands before it, which anybody may reach.
    pub(crate) behind_proxy: bool,
}

impl Entrance {
    /// Whether nobody comes in who shows no token: others than this machine's users may ask.
    pub(crate) fn asks_for_token(&self) -> bool {
        self.behind_proxy || self.public_url.is_some() || !self.address.ip().is_loopback()
    }

    /// Whether a Host header (RFC 9110, 7.2) names this machine's loopback, the address that it
    /// listens on, or the one under which it is known.
    pub(crate) fn is_named(&self, host: &str) -> bool {
        self.is_public(host) || self.is_own(host)
    }

    /// Whether who comes by this Host comes through a proxy that does TLS.
    pub(crate) fn has_tls(&self, host: &str) -> bool {
        let public = self.public_url.as_ref();
        public.is_some_and(|url| url.scheme() == "https") && self.is_public(host)
    }

    /// The address for a browser that came by this Host, where that is not the best one: a name of
    /// our own, whose cookies reach no other program of this machine.
    pub(crate) fn better_for_browsers(&self, host: &str) -> Option<String> {
        let (name, port) = split_port(host);
        if self.is_public(host) || name.eq_ignore_ascii_case(BROWSER_HOST) {
            return None;
        }
        // A name that only this machine's loopback has.
        let is_here = name.eq_ignore_ascii_case(LOCALHOST)
            || bare(name).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        is_here.then(|| format!("http://{BROWSER_HOST}{port}"))
    }

    fn is_public(&self, host: &str) -> bool {
        let Some(url) = &self.public_url else {
            return false;
        };
        let written = &url[Position::BeforeHost..Position::AfterPort];
        let port = url.port_or_known_default().unwrap_or_default();
        let in_full = format!("{}:{port}", &url[Position::BeforeHost..Position::AfterHost]);
        [written, &in_full]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(host))
    }

    fn is_own(&self, host: &str) -> bool {
        let (name, port) = split_port(host);
        // A port that is forwarded to us may have another number.
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return false;
        }
        match bare(name).parse::<IpAddr>() {
            Ok(ip) => ip.is_loopback() || ip == self.address.ip(),
            Err(_) => [LOCALHOST, BROWSER_HOST]
                .iter()
                .any(|ours| name.eq_ignore_ascii_case(ours)),
        }
    }
}

/// Name and port of a Host; `[::1]` has colons of its own.
fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    }
}

/// An address without its brackets.
fn bare(name: &str) -> &str {
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    inner.unwrap_or(name)
}

const LOCALHOST: &str = "localhost";

/// The name for browsers: cookies of `127.0.0.1` and `localhost` go to every program that listens
/// there, whatever its port; those of a name of our own do not.
pub(crate) const BROWSER_HOST: &str = "orchestrate.localhost";

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// On loopback, for whoever is on this machine.
    pub(crate) fn local() -> Entrance {
        Entrance {
            address: "127.0.0.1:8080".parse().unwrap(),
            public_url: None,
            behind_proxy: false,
        }
    }

    /// On loopback, with an address for browsers of other machines.
    pub(crate) fn public(url: &str) -> Entrance {
        let public_url = Some(Url::parse(url).unwrap());
        Entrance {
            public_url,
            ..local()
        }
    }

    #[test]
    fn browsers_are_led_to_the_name_of_our_own() {
        let entrance = public("https://ops.example");
        let better = |host: &str| entrance.better_for_browsers(host);
        for here in ["127.0.0.1:9000", "localhost:9000", "[::1]:9000"] {
            assert_eq!(
                better(here).as_deref(),
                Some("http://orchestrate.localhost:9000"),
                "{here}"
            );
        }
        assert_eq!(
            better("localhost").as_deref(),
            Some("http://orchestrate.localhost")
        );
        for best in ["orchestrate.localhost:9000", "ops.example"] {
            assert_eq!(better(best), None, "{best}");
        }
        assert!(entrance.has_tls("ops.example") && !entrance.has_tls("localhost:9000"));
        assert!(!public("http://ops.example").has_tls("ops.example"));
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let entrance = local();
        for ours in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "localhost:8080",
            "LOCALHOST",
            "[::1]:8080",
            "[::1]",
            "localhost:9000",
            "orchestrate.localhost:8080",
            "Orchestrate.localhost",
        ] {
            assert!(entrance.is_named(ours), "{ours}");
        }
        for other in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example",
            "other.localhost:8080",
            "orchestrate.localhost.evil.example",
            "localhost.:8080",
            "localhost:evil",
            "10.0.0.1:8080",
            "",
            ":8080",
        ] {
            assert!(!entrance.is_named(other), "{other}");
        }
    }

    #[test]
    fn the_public_name_is_answered_as_it_is_written() {
        for (url, ours, others) in [
            (
                "https://ops.example/",
                ["ops.example", "OPS.example:443"],
                ["ops.example:8443", "example"],
            ),
            (
                "https://ops.example:8443",
                ["ops.example:8443", "Ops.Example:8443"],
                ["ops.example", "x.ops.example:8443"],
            ),
            (
                "http://[2001:db8::1]:80/",
                ["[2001:db8::1]", "[2001:DB8::1]"],
                ["[2001:db8::2]", "2001:db8::1"],
            ),
        ] {
            let public_url = Some(Url::parse(url).unwrap());
            let entrance = Entrance {
                public_url,
                ..local()
            };
            assert!(ours.iter().all(|host| entrance.is_named(host)), "{url}");
            assert!(!others.iter().any(|host| entrance.is_named(host)), "{url}");
        }
    }

    #[test]
    fn a_token_is_asked_for_wherever_others_may_come() {
        assert!(!local().asks_for_token());
        let proxied = Entrance {
            behind_proxy: true,
            ..local()
        };
        let public_url = Some(Url::parse("https://ops.example").unwrap());
        let public = Entrance {
            public_url,
            ..local()
        };
        let address = "192.0.2.1:80".parse().unwrap();
        let elsewhere = Entrance { address, ..local() };
        for entrance in [proxied, public, elsewhere] {
            assert!(entrance.asks_for_token(), "{entrance:?}");
        }
    }
}

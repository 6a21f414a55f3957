//! Which proxy a URL is asked through, as `http_proxy`, `https_proxy`, `all_proxy` and
//! `no_proxy` say. Pure: the caller brings the variables. Used by `orchestrate` for its
//! notices and by collectors that speak HTTP, so that both go the same way.
//!
//! No standard says what these variables mean; this is what curl and Go agree on, and where
//! they do not:
//! - each scheme has its own variable, `all_proxy` serves those that have none;
//! - small letters win over capitals (curl), and a variable that is empty means no proxy;
//! - `HTTP_PROXY` counts for nothing in a CGI program, where it is a header of the request;
//! - `no_proxy` has names (and all below them), addresses, networks (`10.0.0.0/8`), each
//!   with a port if need be (Go), or `*`;
//! - this machine itself is never asked through a proxy (Go).

use std::net::IpAddr;

/// The proxy for `url`, as it stands in the variable; `None` to go there directly.
pub fn proxy_for(url: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let target = Target::parse(url)?;
    if target.is_here() {
        return None;
    }
    let no_proxy = variable("no_proxy").or_else(|| variable("NO_PROXY"));
    if no_proxy.is_some_and(|list| is_excepted(&target, &list)) {
        return None;
    }
    let own = format!("{}_proxy", target.scheme);
    let capitals = || match target.scheme.as_str() {
        "http" if variable("REQUEST_METHOD").is_some() => None,
        _ => variable(&own.to_ascii_uppercase()),
    };
    variable(&own)
        .or_else(capitals)
        .or_else(|| variable("all_proxy"))
        .or_else(|| variable("ALL_PROXY"))
        .map(|proxy| proxy.trim().to_owned())
        .filter(|proxy| !proxy.is_empty())
}

/// As [`proxy_for`], with the variables of this process.
pub fn proxy_from_environment(url: &str) -> Option<String> {
    proxy_for(url, |name| std::env::var(name).ok())
}

/// Where a URL leads.
struct Target {
    scheme: String,
    /// In small letters, without brackets and without the root's dot.
    host: String,
    address: Option<IpAddr>,
    port: Option<u16>,
}

impl Target {
    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let authority = rest.split(['/', '?', '#']).next()?;
        let place = authority.rsplit('@').next()?;
        let (host, port) = host_and_port(place);
        let port = port.or(match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        });
        (!host.is_empty()).then(|| Self {
            address: address(&host),
            scheme,
            host,
            port,
        })
    }

    fn is_here(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.address.is_some_and(|address| address.is_loopback())
    }
}

/// The host as it is compared, and the port if there is one.
fn host_and_port(place: &str) -> (String, Option<u16>) {
    let (host, port) = match place.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        // More than one colon is an address of version 6.
        None => match place.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (place, None),
        },
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    (host, port.and_then(|port| port.parse().ok()))
}

/// An address of version 4 that is written as one of version 6 is the same machine.
fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn is_excepted(target: &Target, list: &str) -> bool {
    list.split([',', ' ', '\t', '\n'])
        .filter(|entry| !entry.is_empty())
        .any(|entry| entry == "*" || excepts(entry, target))
}

fn excepts(entry: &str, target: &Target) -> bool {
    if let Some((network, rest)) = entry.split_once('/') {
        // `10.0.0.0/8:8000` and `[fd00::/8]:8000`.
        let (length, port) = match rest.split_once(':') {
            Some((length, port)) => (length, Some(port.parse().ok())),
            None => (rest, None),
        };
        if port.is_some_and(|port| port.is_none() || port != target.port) {
            return false;
        }
        let network = address(network.trim_start_matches('[').trim_end_matches(']'));
        let length = length.trim_end_matches(']').parse().ok();
        return match (network, length, target.address) {
            (Some(network), Some(length), Some(address)) => is_within(address, network, length),
            _ => false,
        };
    }
    let (host, port) = host_and_port(entry);
    if port.is_some() && port != target.port {
        return false;
    }
    if let Some(address) = address(&host) {
        return target.address == Some(address);
    }
    let domain = host.strip_prefix('*').unwrap_or(&host);
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let below = |host: &str| {
        let rest = host.strip_suffix(domain)?;
        (rest.is_empty() || rest.ends_with('.')).then_some(())
    };
    !domain.is_empty() && target.address.is_none() && below(&target.host).is_some()
}

/// Whether the first `length` bits are the same.
fn is_within(address: IpAddr, network: IpAddr, length: u32) -> bool {
    let differ = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) if length <= 32 => {
            u128::from(one.to_bits() ^ other.to_bits()) << 96
        }
        (IpAddr::V6(one), IpAddr::V6(other)) if length <= 128 => one.to_bits() ^ other.to_bits(),
        _ => return false,
    };
    differ.leading_zeros() >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, variables: &[(&str, &str)]) -> Option<String> {
        proxy_for(url, |name| {
            let found = variables.iter().find(|(one, _)| *one == name)?;
            Some(found.1.to_owned())
        })
    }

    #[test]
    fn each_scheme_has_its_own_variable() {
        let both = [
            ("http_proxy", "p:1"),
            ("https_proxy", "p:2"),
            ("all_proxy", "p:3"),
        ];
        let only_http = [("HTTP_PROXY", "p:1")];
        let all = [("ALL_PROXY", "p:3"), ("http_proxy", "p:1")];
        let cgi = [
            ("HTTP_PROXY", "evil:1"),
            ("REQUEST_METHOD", "GET"),
            ("HTTPS_PROXY", "p:2"),
        ];
        let off = [("https_proxy", ""), ("HTTPS_PROXY", "p:2"), ("all_proxy", "p:3")];
        let small = [("HTTPS_PROXY", "p:2"), ("https_proxy", " p:1 ")];
        for (url, variables, expected) in [
            ("http://a.org/", &both[..], Some("p:1")),
            ("https://a.org/", &both, Some("p:2")),
            ("HTTPS://a.org/", &both, Some("p:2")),
            ("http://a.org/", &only_http, Some("p:1")),
            ("https://a.org/", &only_http, None),
            ("http://a.org/", &all, Some("p:1")),
            ("https://a.org/", &all, Some("p:3")),
            ("http://a.org/", &cgi, None),
            ("https://a.org/", &cgi, Some("p:2")),
            ("https://a.org/", &off, None),
            ("https://a.org/", &small, Some("p:1")),
            ("https://a.org/", &[], None),
            ("no url", &both, None),
        ] {
            assert_eq!(chosen(url, variables).as_deref(), expected, "{url} {variables:?}");
        }
    }

    #[test]
    fn this_machine_is_never_asked_through_a_proxy() {
        for host in [
            "127.0.0.1:8080",
            "127.8.8.8",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "[::1]:80",
            "[::ffff:127.0.0.1]",
        ] {
            assert_eq!(
                chosen(&format!("http://{host}/x"), &[("http_proxy", "p:1")]),
                None,
                "{host}"
            );
        }
        assert!(chosen("http://127.0.0.1.evil.org/", &[("http_proxy", "p:1")]).is_some());
    }

    #[test]
    fn exceptions_are_names_addresses_networks_and_ports() {
        for (host, list, is_direct) in [
            ("10.1.2.3", "10.0.0.0/8", true),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("10.1.2.3", "192.168.0.0/16, 10.0.0.0/8", true),
            ("172.16.255.9", "172.16.0.0/12", true),
            ("172.32.0.1", "172.16.0.0/12", false),
            ("8.8.8.8", "0.0.0.0/0", true),
            ("10.1.2.3", "10.0.0.0/33", false),
            ("10.1.2.3", "10.0.0.0/", false),
            ("10.1.2.3", "10.1.2.3/32", true),
            ("u:p@10.1.2.3:8443", "10.0.0.0/8", true),
            ("10.1.2.3:8000", "10.0.0.0/8:8000", true),
            ("10.1.2.3:8001", "10.0.0.0/8:8000", false),
            ("10.1.2.3", "10.0.0.0/8:x", false),
            ("[fd00::1]:8000", "[fd00::/8]:8000", true),
            ("[fd00::1]", "fd00::/8", true),
            ("[fd00::1]", "[fd00::]/8", true),
            ("[fe00::1]", "fd00::/8", false),
            ("[fd00::1]", "::/0", true),
            ("[::ffff:10.1.2.3]", "10.0.0.0/8", true),
            ("10.1.2.3", "::/0", false),
            ("[2001:db8::1]", "2001:DB8:0::1", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "2.3", false),
            ("a.example.org", "example.org", true),
            ("example.org", "example.org", true),
            ("example.org", ".example.org", true),
            ("A.Example.Org.", "EXAMPLE.org", true),
            ("a.example.org", "*.example.org", true),
            ("notexample.org", "example.org", false),
            ("example.org.evil.net", "example.org", false),
            ("a.example.org", "b.org c.org\texample.org", true),
            ("a.example.org:8443", "example.org:8443", true),
            ("a.example.org", "example.org:8443", false),
            ("a.example.org", "example.org:443", true),
            ("[fd00::1]:8443", "[fd00::1]:8443", true),
            ("a.example.org", "*", true),
            ("a.example.org", "b.org,*", true),
            ("a.example.org", "", false),
            ("a.example.org", ", ,.", false),
        ] {
            for name in ["no_proxy", "NO_PROXY"] {
                let variables = [("https_proxy", "p:2"), (name, list)];
                let direct = chosen(&format!("https://{host}/x?y"), &variables).is_none();
                assert_eq!(direct, is_direct, "{host} {list:?}");
            }
        }
    }
}

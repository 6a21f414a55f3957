//! Addresses of servers that are told something, as the WHATWG reads them
//! (<https://url.spec.whatwg.org>): a client that is more generous sends elsewhere.

use url::{ParseError, Url};

/// The address as it is to be asked: a name in other letters is encoded. What is wrong is said
/// without the address, which may be secret.
///
/// # Errors
/// It is none, or not one of HTTP.
pub(crate) fn read_http_url(given: &str) -> Result<String, &'static str> {
    if given.contains(|char: char| char.is_whitespace() || char.is_control()) {
        return Err("there is a blank in it");
    }
    let url = Url::parse(given).map_err(|error| match error {
        ParseError::InvalidPort => "its port is none: 1 to 65535",
        ParseError::EmptyHost => "it names no host",
        ParseError::RelativeUrlWithoutBase => "it does not begin with https:// or http://",
        ParseError::IdnaError
        | ParseError::InvalidIpv4Address
        | ParseError::InvalidIpv6Address
        | ParseError::InvalidDomainCharacter => "its host is none",
        _ => "it is none",
    })?;
    match (url.scheme(), url.port()) {
        (_, Some(0)) => Err("its port is none: 1 to 65535"),
        ("http" | "https", _) => Ok(url.into()),
        _ => Err("it does not begin with https:// or http://"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_said_and_nobody_else_is_asked() {
        let good = [
            (
                "https://hooks.example.org/a?b=c",
                "https://hooks.example.org/a?b=c",
            ),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("http://m\u{fc}nchen.example/", "http://xn--mnchen-3ya.example/"),
        ];
        for (given, read) in good {
            assert_eq!(read_http_url(given).as_deref(), Ok(read));
        }
        for (given, why) in [
            ("http://127.0.0.9:99999/x", "port"),
            ("http://127.0.0.9:80a/x", "port"),
            ("http://127.0.0.9:-1/x", "port"),
            ("http://127.0.0.9:0/x", "port"),
            ("hooks.example.org/x", "begin"),
            ("socks5h://127.0.0.1:1080", "begin"),
            (" https://hooks.example.org/x", "blank"),
            ("https://hooks.example.org/a b", "blank"),
            ("https://", "host"),
            ("https://1.2.3.4.5/", "host"),
        ] {
            let error = read_http_url(given).unwrap_err();
            assert!(error.contains(why), "{given}: {error}");
        }
    }
}

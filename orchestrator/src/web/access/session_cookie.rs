//! The cookie by which a browser that has signed in is known (RFC 6265). Scripts cannot read it,
//! and it comes with no request that another site's page makes.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::store::SESSION;
use crate::web::access::entrance::Entrance;

/// Under its name alone; and where TLS is before us as one that is of this host alone, is never sent
/// in the clear, and that no other host can set (`__Host-`, RFC 6265bis, 4.1.3.2).
const NAMES: [&str; 2] = ["orchestrate_session", "__Host-orchestrate_session"];

/// The longest value that is looked at; one of ours has 43 characters.
const LONGEST: usize = 128;

/// How cookies of sessions are written under the name by which somebody came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionCookie {
    secure: bool,
}

/// What a browser shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShownSession<'h> {
    None,
    Value(&'h str),
    /// Two of them, or one that cannot be ours: somebody else has set one.
    Confused,
}

impl SessionCookie {
    /// That of whoever sends these headers.
    pub(crate) fn of(headers: &HeaderMap, entrance: &Entrance) -> Self {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        Self {
            secure: host.is_some_and(|host| entrance.has_tls(host)),
        }
    }

    fn name(self) -> &'static str {
        NAMES[usize::from(self.secure)]
    }

    /// What the browser shows of it.
    pub(crate) fn shown(self, headers: &HeaderMap) -> ShownSession<'_> {
        let all = headers.get_all(header::COOKIE).iter();
        let mut found = all
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(name, _)| *name == self.name())
            .map(|(_, value)| value);
        match (found.next(), found.next()) {
            (None, _) => ShownSession::None,
            (Some(value), None) if !value.is_empty() && value.len() <= LONGEST => ShownSession::Value(value),
            _ => ShownSession::Confused,
        }
    }

    /// Gives the browser one. `value` is of letters, digits, `-` and `_`.
    pub(crate) fn set(self, value: &str) -> Option<HeaderValue> {
        self.written(value, SESSION.as_secs())
    }

    /// Has the browser forget it.
    pub(crate) fn clear(self) -> Option<HeaderValue> {
        self.written("", 0)
    }

    fn written(self, value: &str, seconds: i64) -> Option<HeaderValue> {
        let (name, secure) = (self.name(), if self.secure { "; Secure" } else { "" });
        let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}");
        let mut cookie = HeaderValue::try_from(cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::access::entrance::tests::{local, public};

    fn headers(host: &str, cookies: &[&str]) -> HeaderMap {
        let cookies = cookies.iter().map(|cookie| (header::COOKIE, *cookie));
        let pairs = [(header::HOST, host)].into_iter().chain(cookies);
        pairs
            .map(|(name, value)| (name, value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn where_there_is_tls_it_is_of_this_host_alone() {
        let entrance = public("https://ops.example");
        let written = |host: &str| {
            let cookie = SessionCookie::of(&headers(host, &[]), &entrance).set("abc");
            cookie.unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(
            written("ops.example"),
            "__Host-orchestrate_session=abc; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200; Secure"
        );
        // Who is on the machine comes without TLS.
        assert_eq!(
            written("orchestrate.localhost:8080"),
            "orchestrate_session=abc; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200"
        );
    }

    #[test]
    fn one_is_believed_and_two_are_not() {
        let shown = |cookies: &[&str]| {
            let headers = headers("localhost", cookies);
            let cookie = SessionCookie::of(&headers, &local());
            match cookie.shown(&headers) {
                ShownSession::Value(value) => Ok(Some(value.to_owned())),
                ShownSession::None => Ok(None),
                ShownSession::Confused => Err(()),
            }
        };
        assert_eq!(shown(&[]), Ok(None));
        assert_eq!(
            shown(&["theme=dark", "orchestrate_session=a"]),
            Ok(Some("a".to_owned()))
        );
        assert_eq!(
            shown(&["x=1; orchestrate_session=a_b-c;theme=dark"]),
            Ok(Some("a_b-c".to_owned()))
        );
        assert_eq!(
            shown(&["__Host-orchestrate_session=a"]),
            Ok(None),
            "of the other name"
        );
        assert_eq!(shown(&["orchestrate_session=a; orchestrate_session=b"]), Err(()));
        assert_eq!(shown(&["orchestrate_session="]), Err(()));
        assert_eq!(
            shown(&[&format!("orchestrate_session={}", "x".repeat(200))]),
            Err(())
        );
    }
}

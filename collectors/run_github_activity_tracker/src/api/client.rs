//! Asking GitHub. The only module that opens a connection.

use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use collector_kit::{Category, Failure, Stop, bounded};
use proxy_choice::proxy_from_environment;
use serde_json::Value;
use ureq::config::RedirectAuthHeaders;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use super::answer::{self, Fields};

/// GitHub's own; `GITHUB_API_URL` names another, as on GitHub Actions.
const GITHUB: &str = "https://api.github.com";
/// The longest that one answer may take.
const ANSWER: Duration = Duration::from_secs(60);
/// The longest that a connection may take.
const CONNECTION: Duration = Duration::from_secs(20);
/// The largest answer, in bytes; a hundred long issues have two megabytes.
const BODY: u64 = 32 << 20;
/// How often a waiting request looks whether the end was asked for.
const LOOK: Duration = Duration::from_millis(100);

/// The connection, with the token.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    token: Token,
    stop: Stop,
}

/// Something that is never shown.
#[derive(Clone)]
struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// What came back.
#[derive(Debug)]
pub(super) enum Answer {
    /// The content is the one that the ETag names.
    Unchanged,
    /// A list, or a part of it.
    Page {
        items: Vec<Value>,
        next: Option<String>,
        etag: Option<String>,
    },
}

/// An answer as it came.
struct Raw {
    status: u16,
    fields: Fields,
    body: Vec<u8>,
}

impl Client {
    /// With `GITHUB_TOKEN` and `GITHUB_API_URL`; `None` without a token. Errors:
    /// the token would travel unencrypted, or is no token (78).
    pub(crate) fn from_environment(stop: &Stop) -> anyhow::Result<Option<Self>> {
        let variable = |name| std::env::var(name).unwrap_or_default().trim().to_owned();
        let (token, url) = (variable("GITHUB_TOKEN"), variable("GITHUB_API_URL"));
        if token.is_empty() {
            return Ok(None);
        }
        let wrong = |message: &str| Failure::new(Category::Configuration, message);
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("GITHUB_TOKEN holds characters that no token has").into());
        }
        let base = if url.is_empty() {
            GITHUB
        } else {
            url.trim_end_matches('/')
        };
        if !is_private(base) {
            return Err(
                wrong("GITHUB_API_URL must begin with https://: the token would be sent readable")
                    .hint("http:// is for this machine only: http://127.0.0.1:PORT")
                    .into(),
            );
        }
        let proxy = proxy_from_environment(base)
            .map(|proxy| Proxy::new(&proxy))
            .transpose();
        let proxy = proxy.map_err(|_| {
            wrong("the proxy that the environment names is no http:// URL")
                .hint("https_proxy names it, no_proxy the hosts that need none")
        })?;
        let config = Agent::config_builder()
            .proxy(proxy)
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER))
            .timeout_connect(Some(CONNECTION))
            .max_redirects(3)
            // A renamed repository is a redirect; another host gets no token.
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .tls_config(
                TlsConfig::builder()
                    .root_certs(RootCerts::PlatformVerifier)
                    .build(),
            )
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Some(Self {
            agent: config.into(),
            base: base.to_owned(),
            token: Token(token),
            stop: stop.clone(),
        }))
    }

    /// The address of something in a repository.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// Asks for one page of a list. With `etag`, an unchanged one costs nothing.
    /// Errors: as [`answer::failure`] has them, no connection (69), an answer
    /// that is no list (65), the end was asked for.
    pub(super) fn get(&self, what: &str, url: &str, etag: Option<&str>) -> anyhow::Result<Answer> {
        self.stop.check()?;
        let raw = self.exchange(what, url, etag)?;
        match raw.status {
            304 => return Ok(Answer::Unchanged),
            // Issues are turned off.
            410 => {
                return Ok(Answer::Page {
                    items: Vec::new(),
                    next: None,
                    etag: None,
                });
            }
            200 => {}
            status => return Err(answer::failure(what, status, &raw.fields).into()),
        }
        let Ok(Value::Array(items)) = serde_json::from_slice(&raw.body) else {
            return Err(Failure::new(
                Category::Validation,
                format!("{what}: GitHub's answer is no list"),
            )
            .hint("GITHUB_API_URL must name a GitHub REST API")
            .into());
        };
        let next = raw.fields.link.as_deref().and_then(answer::next);
        if let Some(next) = next.filter(|next| origin(next) != origin(&self.base)) {
            let message = format!(
                "{what}: the next page is said to be on another server: {}",
                bounded(next, 200)
            );
            return Err(Failure::new(Category::Validation, message).into());
        }
        Ok(Answer::Page {
            items,
            next: next.map(str::to_owned),
            etag: raw.fields.etag,
        })
    }

    /// Sends the request from a thread of its own, so that a silent server does
    /// not keep a signal from being heard.
    fn exchange(&self, what: &str, url: &str, etag: Option<&str>) -> anyhow::Result<Raw> {
        let mut request = self
            .agent
            .get(url)
            .header("Accept", "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28")
            .header("Authorization", format!("Bearer {}", self.token.0));
        if let Some(etag) = etag {
            request = request.header("If-None-Match", etag);
        }
        let (send, receive) = sync_channel(1);
        thread::Builder::new()
            .name("request".to_owned())
            .spawn(move || {
                // Nobody waits any more where the end was asked for.
                let _ = send.send(request.call().and_then(read));
            })
            .context("cannot start a thread")?;
        let answered = loop {
            match receive.recv_timeout(LOOK) {
                Ok(answered) => break answered,
                Err(RecvTimeoutError::Timeout) => self.stop.check()?,
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("{what}: the request was lost"),
            }
        };
        answered.map_err(|error| {
            let said = error.to_string().replace(&self.token.0, "(token)");
            let category = match error {
                ureq::Error::BodyExceedsLimit(_) | ureq::Error::BadUri(_) => Category::Validation,
                _ => Category::Network,
            };
            Failure::new(category, format!("{what}: {said}"))
                .hint("check the network and GITHUB_API_URL, then run again: what was read is kept")
                .into()
        })
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Raw, ureq::Error> {
    let field = |name: &str| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let fields = Fields {
        etag: field("etag"),
        link: field("link"),
        retry_after: field("retry-after"),
        remaining: field("x-ratelimit-remaining"),
        reset: field("x-ratelimit-reset"),
        date: field("date"),
    };
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(BODY).read_to_vec()?;
    Ok(Raw { status, fields, body })
}

/// Scheme and authority of a URL.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |end| host + end);
    &url[..end]
}

/// Whether nobody on the way can read what is sent there.
fn is_private(base: &str) -> bool {
    let Some((scheme, rest)) = base.split_once("://") else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(inside) => inside.split(']').next(),
        None => authority.split(':').next(),
    };
    let is_here = matches!(host, Some("127.0.0.1" | "localhost" | "::1"));
    !authority.contains('@') && (scheme == "https" && !authority.is_empty() || scheme == "http" && is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_travels_encrypted_or_not_at_all() {
        for base in [
            "https://api.github.com",
            "http://127.0.0.1:8080",
            "http://[::1]:80/api",
            "http://localhost",
        ] {
            assert!(is_private(base), "{base}");
        }
        for base in [
            "http://api.github.com",
            "http://127.0.0.1.evil.org",
            "http://127.0.0.1@evil.org",
            "http://localhost:x@evil.org",
            "https://",
            "https://a@b",
            "ftp://127.0.0.1",
            "api.github.com",
        ] {
            assert!(!is_private(base), "{base}");
        }
    }

    #[test]
    fn pages_stay_on_one_server() {
        assert_eq!(origin("https://h:1/x/y?z"), "https://h:1");
        assert_eq!(origin("https://h?x"), "https://h");
        assert_ne!(origin("https://h.evil.org/x"), origin("https://h/x"));
    }

    #[test]
    fn the_token_is_not_shown() {
        assert_eq!(format!("{:?}", Token("s3cret".to_owned())), "Token(..)");
    }
}

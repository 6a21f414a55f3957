//! The HTTP client: short patience, no redirects, errors without the URL.

use std::io::ErrorKind;
use std::time::Duration;

use proxy_choice::proxy_from_environment;
use ureq::{Agent, Proxy};

use crate::text::read_http_url;

/// Connecting, sending and the answer together.
const PATIENCE: Duration = Duration::from_secs(10);

/// The head of an answer, in bytes; its body is not read.
const HEAD: usize = 64 << 10;

const CERTIFICATE: &str = "the server's certificate is not accepted";

fn agent(url: &str) -> Result<Agent, String> {
    let proxy = proxy_from_environment(url)
        .map(|proxy| read_proxy(&proxy))
        .transpose()?;
    Ok(Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .max_response_header_size(HEAD)
        .proxy(proxy)
        .http_status_as_error(false)
        .user_agent(concat!("orchestrate/", env!("CARGO_PKG_VERSION")))
        .build()
        .into())
}

/// As curl does, a place without a scheme is one of HTTP. No other scheme is spoken.
fn read_proxy(given: &str) -> Result<Proxy, String> {
    let whole = match given.contains("://") {
        true => given.to_owned(),
        false => format!("http://{given}"),
    };
    let unusable = |why: &str| format!("the proxy that the environment names is no http:// URL: {why}");
    let url = read_http_url(&whole).map_err(unusable)?;
    Proxy::new(&url).map_err(|_| unusable("it cannot be used"))
}

fn read_url(given: &str) -> Result<String, String> {
    read_http_url(given).map_err(|why| format!("the URL is none: {why}"))
}

/// POSTs JSON; blocks for up to ten seconds.
pub(super) fn post(url: &str, body: &str) -> Result<(), String> {
    let url = read_url(url)?;
    let request = agent(&url)?.post(&url).header("content-type", "application/json");
    check_answer(request.send(body))
}

/// GETs and forgets what comes; blocks for up to ten seconds.
pub(super) fn get(url: &str) -> Result<(), String> {
    let url = read_url(url)?;
    check_answer(agent(&url)?.get(&url).call())
}

fn check_answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(), String> {
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("the server answered {}", answer.status())),
        Err(error) => Err(words(&error)),
    }
}

/// Most errors name the URL, or a part of it.
fn words(error: &ureq::Error) -> String {
    match error {
        // The kinds of these two say nothing: what the resolver says, and what TLS says.
        ureq::Error::Io(error) if error.to_string().contains("lookup address") => "no such host".to_owned(),
        ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => CERTIFICATE.to_owned(),
        ureq::Error::Io(error) => format!("no connection: {}", error.kind()),
        ureq::Error::Timeout(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        ureq::Error::HostNotFound => "no such host".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => CERTIFICATE.to_owned(),
        ureq::Error::LargeResponseHeader(..) => "the head of the answer is too long".to_owned(),
        ureq::Error::ConnectProxyFailed(_) => "the proxy does not lead there".to_owned(),
        ureq::Error::Protocol(_) | ureq::Error::Http(_) => "the server does not speak HTTP".to_owned(),
        ureq::Error::BadUri(_) => "the URL is not one".to_owned(),
        _ => "the request failed".to_owned(),
    }
}

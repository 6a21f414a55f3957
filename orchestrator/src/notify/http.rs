//! The HTTP client: short patience, no redirects, errors without the URL.

use std::time::Duration;

use ureq::Agent;

use crate::model::Secret;
use crate::notify::secret::reveal;

/// Connecting, sending and the answer together.
const PATIENCE: Duration = Duration::from_secs(10);

fn agent() -> Agent {
    Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("orchestrate/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// POSTs JSON; blocks for up to ten seconds.
pub(super) fn post(url: &Secret, body: &str) -> Result<(), String> {
    let request = agent()
        .post(reveal(url)?)
        .header("content-type", "application/json");
    judged(request.send(body))
}

/// GETs and forgets what comes; blocks for up to ten seconds.
pub(super) fn get(url: &Secret) -> Result<(), String> {
    judged(agent().get(reveal(url)?).call())
}

fn judged(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(), String> {
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("the server answered {}", answer.status())),
        Err(error) => Err(words(&error)),
    }
}

/// Most errors name the URL, or a part of it.
fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => format!("no connection: {}", error.kind()),
        ureq::Error::Timeout(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        ureq::Error::HostNotFound => "no such host".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "the server's certificate is not accepted".to_owned(),
        ureq::Error::BadUri(_) => "the URL is not one".to_owned(),
        _ => "the request failed".to_owned(),
    }
}

//! What a page watches, as its address says it: `?home`, `?run=ID`, `?run=ID&log=POS.TRY`.

use serde::Deserialize;

use crate::model::RunId;
use crate::queries::logs::attempt_file::LogPlace;
use crate::web::fault::Fault;
use crate::web::views::links::is_run_id;

/// The longest name by which a browser calls itself.
const LONGEST: usize = 32;

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum LiveTopic {
    Home,
    Run(RunId),
    Log(RunId, LogPlace),
}

/// As it stands in an address.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveQuery {
    home: Option<String>,
    run: Option<String>,
    log: Option<String>,
    /// The byte offset up to which the page shows the log.
    pub(crate) from: Option<u64>,
    viewer: Option<String>,
}

impl LiveQuery {
    /// What it means.
    ///
    /// # Errors
    /// Nothing that can be watched.
    pub(crate) fn topic(&self) -> Result<LiveTopic, Fault> {
        let wrong = || {
            Fault::bad_request("this can not be watched").hint("?home, ?run=ID or ?run=ID&log=POSITION.TRY")
        };
        match (&self.home, &self.run, &self.log) {
            (Some(_), None, None) => Ok(LiveTopic::Home),
            (None, Some(run), log) if is_run_id(run) => {
                let run = RunId::new(run);
                match log {
                    None => Ok(LiveTopic::Run(run)),
                    Some(place) => {
                        let place = LogPlace::parse(place).ok_or_else(wrong)?;
                        Ok(LiveTopic::Log(run, place))
                    }
                }
            }
            _ => Err(wrong()),
        }
    }

    /// How the browser calls itself: it says so, that its tabs share what it may have.
    ///
    /// # Errors
    /// It is no such name.
    pub(crate) fn viewer(&self) -> Result<Option<&str>, Fault> {
        let is_name = |name: &str| {
            (1..=LONGEST).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        match self.viewer.as_deref() {
            Some(name) if !is_name(name) => Err(Fault::bad_request(
                "`viewer` is 1 to 32 letters and digits of ASCII",
            )),
            name => Ok(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> LiveQuery {
        let uri = format!("/live?{text}").parse().unwrap();
        axum::extract::Query::try_from_uri(&uri).unwrap().0
    }

    #[test]
    fn a_page_watches_one_thing() {
        let run = RunId::new("20261130-030000-d014f0");
        let place = LogPlace::parse("2.1").unwrap();
        for (text, topic) in [
            ("home", LiveTopic::Home),
            ("run=20261130-030000-d014f0", LiveTopic::Run(run.clone())),
            (
                "run=20261130-030000-d014f0&log=2.1&from=77",
                LiveTopic::Log(run, place),
            ),
        ] {
            assert_eq!(query(text).topic().unwrap(), topic, "{text}");
        }
        for text in [
            "",
            "run=last",
            "run=..",
            "home&run=20261130-030000-d014f0",
            "log=2.1",
            "home&log=2.1",
            "run=20261130-030000-d014f0&log=0.1",
        ] {
            assert!(query(text).topic().is_err(), "{text}");
        }
    }

    #[test]
    fn a_browser_has_a_plain_name() {
        assert_eq!(query("home&viewer=a1B2").viewer().unwrap(), Some("a1B2"));
        assert_eq!(query("home").viewer().unwrap(), None);
        for name in ["", "a-b", "%C3%A4", &"x".repeat(33)] {
            assert!(query(&format!("viewer={name}")).viewer().is_err(), "{name}");
        }
    }
}

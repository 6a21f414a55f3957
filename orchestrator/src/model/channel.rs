//! Who is told of what happens, and where they are: the channels of the settings file
//! and the dead man's watch. Made by `config`, used by `notify` and the scheduler. Pure;
//! a secret in it is never shown.

use std::fmt;
use std::time::Duration;

use crate::model::notice::NoticeKind;

/// Somebody who wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeChannel {
    /// Its name in the record of deliveries.
    pub name: String,
    /// Where they are.
    pub address: Address,
    /// What they want to hear.
    pub kinds: Vec<NoticeKind>,
    /// After how many failures in a row.
    pub after: u64,
    /// A slot that begins so long after it should is not yet late for them.
    pub late_after: Duration,
}

/// Where notices go. What may be secret is a name of an environment variable, or
/// stands in the settings file only: it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// An HTTP POST.
    Webhook {
        /// Where to.
        url: Secret,
        /// For Slack and what understands its messages, instead of our own JSON.
        slack: bool,
    },
    /// One message over SMTP to every address.
    Mail {
        /// Addresses.
        to: Vec<String>,
        /// The sender's address.
        from: String,
        /// `smtp://host:port` or `smtps://host`.
        server: String,
        /// User and password, where the server wants them.
        login: Option<(String, Secret)>,
    },
    /// An executable; it is told by its environment.
    Command(Vec<String>),
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Webhook { .. } => "Webhook",
            Self::Mail { .. } => "Mail",
            Self::Command(_) => "Command",
        })
    }
}

/// A value that nobody shall read.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The value itself.
    Given(String),
    /// The environment variable that has it.
    Variable(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(***)"),
            Self::Variable(name) => write!(f, "Variable({name})"),
        }
    }
}

/// An URL that is asked for as long as all is well, so that its owner notices silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadMan {
    /// What is asked for.
    pub url: Secret,
    /// After which events.
    pub after: Pulse,
}

/// When a dead man's URL is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// After each run that succeeded.
    Run,
    /// While the scheduler ticks, this often.
    Tick(Duration),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_not_shown() {
        let url = Secret::Given("https://hooks.example/T0/s3cret".to_owned());
        let address = Address::Webhook {
            url: url.clone(),
            slack: true,
        };
        assert!(!format!("{address:?} {url:?}").contains("s3cret"));
    }
}

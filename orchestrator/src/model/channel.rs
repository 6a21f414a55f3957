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
    /// A task that runs for so long is not yet unusually long for them, whatever is usual.
    pub long_after: Duration,
    /// Whether all of a run, or of a slot, is told in one message.
    pub digest: bool,
    /// Only tasks of these groups; empty for all.
    pub groups: Vec<String>,
    /// Only these tasks: a name, or group and name with a slash; empty for all.
    pub tasks: Vec<String>,
}

impl NoticeChannel {
    /// Whether it wants to hear this of a task.
    pub fn wants(&self, kind: NoticeKind, group: &str, name: &str) -> bool {
        let is_task = |task: &String| match task.strip_prefix(group) {
            Some(rest) if rest.strip_prefix('/') == Some(name) => true,
            _ => task == name,
        };
        self.kinds.contains(&kind)
            && (self.groups.is_empty() || self.groups.iter().any(|wanted| wanted == group))
            && (self.tasks.is_empty() || self.tasks.iter().any(is_task))
    }
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
    fn a_channel_is_narrowed_by_kind_group_and_task() {
        let channel = |groups: &[&str], tasks: &[&str]| NoticeChannel {
            name: "c".to_owned(),
            address: Address::Command(Vec::new()),
            kinds: vec![NoticeKind::Failure],
            after: 1,
            late_after: Duration::ZERO,
            long_after: Duration::ZERO,
            digest: true,
            groups: groups.iter().map(ToString::to_string).collect(),
            tasks: tasks.iter().map(ToString::to_string).collect(),
        };
        let wants = |groups: &[&str], tasks: &[&str]| {
            let channel = channel(groups, tasks);
            [("g", "a"), ("g", "b"), ("h", "a")]
                .map(|(group, name)| channel.wants(NoticeKind::Failure, group, name))
        };
        assert_eq!(wants(&[], &[]), [true, true, true]);
        assert_eq!(wants(&["g"], &[]), [true, true, false]);
        assert_eq!(wants(&[], &["a"]), [true, false, true]);
        assert_eq!(wants(&[], &["g/a", "b"]), [true, true, false]);
        assert_eq!(wants(&["h"], &["g/a"]), [false, false, false]);
        assert!(!channel(&[], &[]).wants(NoticeKind::Recovery, "g", "a"));
    }

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

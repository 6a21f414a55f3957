//! `retention:` in the settings file: which past runs are kept. What is excluded goes by
//! itself, oldest first, but never a collector's last success or last failure.

use std::time::Duration;

use super::duration::duration;
use super::fields::Fields;
use super::node::Node;
use super::report::Report;
use super::scalar::integer;
use super::settings_keys::RETENTION;
use super::size::size;

/// A run goes if any bound excludes it; `None` bounds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Runs that began longer ago go.
    pub age: Option<Duration>,
    /// All but the newest so many go.
    pub count: Option<usize>,
    /// The oldest go until logs and journals fit into so many bytes.
    pub bytes: Option<u64>,
}

impl Default for Retention {
    /// A year of nights, and no full disk: what nobody looked at by then, nobody will.
    fn default() -> Self {
        Self {
            age: Some(Duration::from_secs(365 * 24 * 60 * 60)),
            count: None,
            bytes: Some(20 << 30),
        }
    }
}

/// Whoever writes it decides all of it: `retention: {}` keeps everything.
pub(super) fn retention(node: &Node, report: &mut Report<'_>) -> Retention {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let Some(fields) = Fields::open(node, &RETENTION, report) else {
        return Retention::default();
    };
    Retention {
        age: fields
            .get("age")
            .and_then(|node| duration(node, "`age`", HOUR, report)),
        count: fields
            .get("count")
            .and_then(|node| integer(node, "`count`", 1, 1_000_000_000, report))
            .and_then(|count| usize::try_from(count).ok()),
        bytes: fields
            .get("bytes")
            .and_then(|node| size(node, "`bytes`", 1 << 20, report)),
    }
}

//! `retention:` in the settings file: which past runs are kept. What is excluded goes by
//! itself, oldest first, but never a collector's last success or last failure.

use std::time::Duration;

use crate::config::problems::report::Report;
use crate::config::settings::keys::RETENTION;
use crate::config::values::duration::duration;
use crate::config::values::fields::Fields;
use crate::config::values::scalar::integer;
use crate::config::values::size::size;
use crate::config::yaml::node::Node;
use crate::model::Retention;

/// Whoever writes it decides all of it: `retention: {}` keeps everything.
pub(crate) fn retention(node: &Node, report: &mut Report<'_>) -> Retention {
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

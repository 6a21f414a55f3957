//! `retention:` in the settings file: which past runs are kept. What is excluded goes by
//! itself, oldest first, but never a collector's last success or last failure.

use crate::config::problems::gather::Problems;
use crate::config::settings::keys::RETENTION;
use crate::config::values::fields::Fields;
use crate::config::yaml::node::Node;
use crate::model::Retention;

/// Whoever writes it decides all of it: `retention: {}` keeps everything.
pub(crate) fn retention(node: &Node, report: &mut Problems<'_>) -> Retention {
    let Some(fields) = Fields::open(node, &RETENTION, report) else {
        return Retention::default();
    };
    Retention {
        age: fields.duration("age", report),
        count: fields
            .integer("count", report)
            .and_then(|count| usize::try_from(count).ok()),
        bytes: fields.size("bytes", report),
    }
}

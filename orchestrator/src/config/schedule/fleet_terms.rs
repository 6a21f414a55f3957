//! What a group says of the workers of its runs, and the lease, which the settings have as well.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::quote;
use crate::config::values::fields::{Fields, list};
use crate::config::values::scalar::text;
use crate::config::yaml::node::Node;
use crate::model::{FleetTerms, LossPolicy, WorkerLabel};

/// `lease:`, `on_lost:` and `runs_on:` of a group.
pub(super) fn fleet_terms(fields: &Fields<'_>, report: &mut Problems<'_>) -> FleetTerms {
    let on_lost = fields
        .word("on_lost", Code::BadWord, report)
        .and_then(LossPolicy::parse);
    FleetTerms {
        lease: lease(fields, report),
        on_lost: on_lost.unwrap_or_default(),
        runs_on: fields
            .get("runs_on")
            .map(|node| labels(node, report))
            .unwrap_or_default(),
    }
}

/// At least as long as its key says, and at most an hour: a dead worker is noticed that much later.
pub(crate) fn lease(fields: &Fields<'_>, report: &mut Problems<'_>) -> Option<Duration> {
    let lease = fields.duration("lease", report)?;
    if lease > FleetTerms::LONGEST_LEASE {
        let at = fields.get("lease").map_or(0, |node| node.at);
        let problem = Problem::new(Code::BadDuration, at, "`lease` is longer than an hour");
        report.add(problem.hint("a worker that is dead is noticed that much later: write at most `1h`"));
        return None;
    }
    Some(lease)
}

fn labels(node: &Node, report: &mut Problems<'_>) -> BTreeSet<WorkerLabel> {
    let items = list(node, "`runs_on`", "write a list like `[gpu, eu]`", report);
    items.iter().filter_map(|item| label(item, report)).collect()
}

fn label(node: &Node, report: &mut Problems<'_>) -> Option<WorkerLabel> {
    let written = text(node, "a label", report)?;
    let label = WorkerLabel::parse(written);
    if label.is_none() {
        let message = format!("{} cannot be a label of a worker", quote(written));
        report.add(Problem::new(Code::BadText, node.at, message).hint(WorkerLabel::RULE));
    }
    label
}

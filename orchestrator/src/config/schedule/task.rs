//! A task of a group, and a command of the fixed list.

use crate::config::problems::gather::Problems;
use crate::config::schedule::cadence::cadence;
use crate::config::schedule::keys::{STEP, TASK};
use crate::config::schedule::policy;
use crate::config::schedule::task_names::{UnnamedTask, task_name};
use crate::config::values::fields::{Fields, list};
use crate::config::values::names;
use crate::config::values::scalar::{argument, boolean};
use crate::config::yaml::node::{Node, Value};
use crate::model::{Cadence, CommandName, GroupName, Policy, Task, TaskName, WORKFLOW_GROUP};

/// A task, with all that its mapping says; `None` after an error.
pub(crate) fn task(
    node: &Node,
    group: &GroupName,
    inherited: &Policy,
    report: &mut Problems<'_>,
) -> Option<UnnamedTask> {
    let fields = Fields::open(node, &TASK, report)?;
    let command = fields
        .require("command", report)
        .and_then(|node| names::command(node, report));
    let cadence = cadence(&fields, report);
    let rest = rest(&fields, inherited, report);
    Some(rest.into_task(node.at, group.clone(), command?, cadence?))
}

/// A command of the fixed list: a name, or a mapping.
pub(crate) fn step(node: &Node, inherited: &Policy, report: &mut Problems<'_>) -> Option<UnnamedTask> {
    let (command, rest) = if matches!(node.value, Value::Map(_)) {
        let fields = Fields::open(node, &STEP, report)?;
        let command = fields
            .require("command", report)
            .and_then(|node| names::command(node, report));
        (command, rest(&fields, inherited, report))
    } else {
        let rest = Rest {
            name: None,
            enabled: true,
            args: Vec::new(),
            policy: inherited.clone(),
        };
        (names::command(node, report), rest)
    };
    let group = GroupName::new(WORKFLOW_GROUP);
    Some(rest.into_task(node.at, group, command?, Cadence::Daily))
}

/// What both kinds have in common.
struct Rest {
    name: Option<(String, usize)>,
    enabled: bool,
    args: Vec<String>,
    policy: Policy,
}

impl Rest {
    fn into_task(self, at: usize, group: GroupName, command: CommandName, cadence: Cadence) -> UnnamedTask {
        let task = Task {
            group,
            name: TaskName::new(command.as_str()),
            command,
            args: self.args,
            cadence,
            enabled: self.enabled,
            policy: self.policy,
        };
        UnnamedTask {
            task,
            given: self.name,
            at,
        }
    }
}

fn rest(fields: &Fields<'_>, inherited: &Policy, report: &mut Problems<'_>) -> Rest {
    let name = fields.get("name").and_then(|node| task_name(node, report));
    let enabled = fields
        .get("enabled")
        .and_then(|node| boolean(node, "`enabled`", report))
        .unwrap_or(true);
    let items = fields.get("args").map_or(&[][..], |node| {
        list(
            node,
            "`args`",
            "write a list of texts: `args: [\"--format\", \"json\"]`",
            report,
        )
    });
    let args = items
        .iter()
        .filter_map(|item| argument(item, "an argument", report))
        .collect();
    let mut policy = inherited.clone();
    policy::read(&mut policy, fields, report);
    Rest {
        name,
        enabled,
        args,
        policy,
    }
}

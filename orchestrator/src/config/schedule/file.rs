//! The top of a schedule file.

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::schedule::group::{group, optional_time};
use crate::config::schedule::keys::{DEFAULTS, SCHEDULE, WORKFLOW};
use crate::config::schedule::policy;
use crate::config::schedule::release::release;
use crate::config::schedule::task::step;
use crate::config::schedule::task_names::settle_names;
use crate::config::values::fields::{Fields, list, wrong_type};
use crate::config::yaml::node::{Node, Value};
use crate::model::{Group, Policy, Schedule, Workflow};

const EXAMPLE: &str = "a schedule looks like `groups: {github: {default_time: \"04:10\", tasks: [{command: run_x, schedule: daily}]}}`";

/// The whole file; `None` after an error.
pub(crate) fn schedule(root: &Node, report: &mut Problems<'_>) -> Option<Schedule> {
    if matches!(root.value, Value::Null) {
        report.add(Problem::new(Code::Empty, 0, "the schedule file is empty").hint(EXAMPLE));
        return None;
    }
    if !matches!(root.value, Value::Map(_)) {
        wrong_type(
            root,
            "a schedule file",
            "a mapping with `groups`",
            EXAMPLE,
            report,
        );
        return None;
    }
    let before = report.count();
    let fields = Fields::open(root, &SCHEDULE, report)?;
    let mut defaults = Policy::default();
    if let Some(fields) = fields
        .get("defaults")
        .and_then(|node| Fields::open(node, &DEFAULTS, report))
    {
        policy::read(&mut defaults, &fields, report);
    }
    let groups = fields.get("groups").map(|node| groups(node, &defaults, report));
    let workflow = fields
        .get("workflow")
        .map(|node| workflow(node, &defaults, report));
    let source = fields.get("release").map(|node| release(node, report));
    if groups.is_none() && workflow.is_none() && report.count() == before {
        let message = "the file has neither `groups` nor `workflow`";
        report.add(Problem::new(Code::Empty, root.at, message).hint(EXAMPLE));
    }
    let schedule = Schedule {
        groups: groups.unwrap_or_default(),
        workflow: workflow.flatten(),
        release: source.flatten().unwrap_or_default(),
    };
    if schedule.tasks().next().is_none() && report.count() == 0 {
        let problem = Problem::new(Code::NothingToRun, root.at, "the schedule has no task");
        report.add(problem.hint("add a task under the `tasks:` of a group"));
    }
    Some(schedule)
}

fn groups(node: &Node, defaults: &Policy, report: &mut Problems<'_>) -> Vec<Group> {
    match &node.value {
        Value::Map(entries) => entries
            .iter()
            .filter_map(|entry| group(entry, defaults, report))
            .collect(),
        Value::Null => Vec::new(),
        _ => {
            wrong_type(
                node,
                "`groups`",
                "a mapping from names to groups",
                EXAMPLE,
                report,
            );
            Vec::new()
        }
    }
}

fn workflow(node: &Node, defaults: &Policy, report: &mut Problems<'_>) -> Option<Workflow> {
    let fields = Fields::open(node, &WORKFLOW, report)?;
    let default_time = optional_time(&fields, report);
    let commands = fields.require("commands", report)?;
    let items = list(commands, "`commands`", "begin each command with `- `", report);
    let tasks = items
        .iter()
        .filter_map(|item| step(item, defaults, report))
        .collect();
    let tasks = settle_names(tasks, report);
    Some(Workflow { default_time, tasks })
}

//! A task of a group, and a command of the fixed list.

use super::codes::Code;
use super::fields::{Fields, list};
use super::keys::{SCHEDULES, STEP, TASK};
use super::node::{Node, Value};
use super::policy;
use super::report::{Problem, Report};
use super::scalar::{argument, boolean, integer, word};
use super::time::{month_day, weekday};
use super::{names, suggest};
use crate::model::{Cadence, CommandName, GroupName, Minutes, Policy, Task, WORKFLOW_GROUP};

/// A task, with all that its mapping says; `None` after an error.
pub(super) fn task(
    node: &Node,
    group: &GroupName,
    inherited: &Policy,
    report: &mut Report<'_>,
) -> Option<Task> {
    let fields = Fields::open(node, &TASK, report)?;
    let command = fields
        .require("command", report)
        .and_then(|node| names::command(node, report));
    let cadence = cadence(&fields, report);
    let rest = rest(&fields, inherited, report);
    Some(rest.into_task(group.clone(), command?, cadence?))
}

/// A command of the fixed list: a name, or a mapping.
pub(super) fn step(node: &Node, inherited: &Policy, report: &mut Report<'_>) -> Option<Task> {
    let (command, rest) = if matches!(node.value, Value::Map(_)) {
        let fields = Fields::open(node, &STEP, report)?;
        let command = fields
            .require("command", report)
            .and_then(|node| names::command(node, report));
        (command, rest(&fields, inherited, report))
    } else {
        let rest = Rest {
            enabled: true,
            args: Vec::new(),
            policy: inherited.clone(),
        };
        (names::command(node, report), rest)
    };
    Some(rest.into_task(GroupName::new(WORKFLOW_GROUP), command?, Cadence::Daily))
}

/// What both kinds have in common.
struct Rest {
    enabled: bool,
    args: Vec<String>,
    policy: Policy,
}

impl Rest {
    fn into_task(self, group: GroupName, command: CommandName, cadence: Cadence) -> Task {
        let Self {
            enabled,
            args,
            policy,
        } = self;
        Task {
            group,
            command,
            args,
            cadence,
            enabled,
            policy,
        }
    }
}

fn rest(fields: &Fields<'_>, inherited: &Policy, report: &mut Report<'_>) -> Rest {
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
        enabled,
        args,
        policy,
    }
}

fn cadence(fields: &Fields<'_>, report: &mut Report<'_>) -> Option<Cadence> {
    let node = fields.require("schedule", report)?;
    let kind = word(node, "`schedule`", Code::BadSchedule, SCHEDULES, report)?;
    let day_keys: &[&str] = match kind {
        "weekly" => &["on", "day_of_week"],
        "monthly" => &["on", "day_of_month"],
        _ => &[],
    };
    for key in ["on", "day_of_week", "day_of_month"] {
        if !day_keys.contains(&key) {
            refuse(fields, key, kind, report);
        }
    }
    if kind != "interval" {
        refuse(fields, "minutes", kind, report);
    }
    match kind {
        "daily" => Some(Cadence::Daily),
        "on_release" => Some(Cadence::OnRelease),
        "interval" => {
            let Some(node) = fields.get("minutes") else {
                missing(node, kind, "minutes", "`minutes: 15`; from 1 to 180", report);
                return None;
            };
            integer(node, "`minutes`", 1, 180, report)
                .and_then(Minutes::new)
                .map(Cadence::Interval)
        }
        "weekly" => {
            let day = day(fields, node, kind, day_keys, "`on: monday`", report)?;
            weekday(day.1, &format!("`{}`", day.0), report).map(Cadence::Weekly)
        }
        _ => {
            let day = day(fields, node, kind, day_keys, "`on: 15`; from 1 to 31", report)?;
            month_day(day.1, &format!("`{}`", day.0), report).map(Cadence::Monthly)
        }
    }
}

/// The day of a weekly or monthly task, under one of its two names.
fn day<'n>(
    fields: &Fields<'n>,
    schedule: &Node,
    kind: &str,
    keys: &[&'static str],
    example: &str,
    report: &mut Report<'_>,
) -> Option<(&'static str, &'n Node)> {
    let mut given = keys
        .iter()
        .filter_map(|&key| fields.entry(key).map(|entry| (key, entry)));
    let Some((key, entry)) = given.next() else {
        missing(schedule, kind, "on", example, report);
        return None;
    };
    if let Some((other, second)) = given.next() {
        let later = if second.key_at > entry.key_at {
            second
        } else {
            entry
        };
        let message = format!("`{key}` and `{other}` both give the day of the task");
        report.add(Problem::new(Code::GivenTwice, later.key_at, message).hint("remove one of them"));
    }
    Some((key, &entry.node))
}

fn missing(schedule: &Node, kind: &str, key: &str, example: &str, report: &mut Report<'_>) {
    let message = format!("a task with `schedule: {kind}` needs `{key}`");
    report.add(Problem::new(Code::MissingKey, schedule.at, message).hint(format!("add {example}")));
}

/// Reports a key that this kind of schedule has no use for.
fn refuse(fields: &Fields<'_>, key: &str, kind: &str, report: &mut Report<'_>) {
    let Some(entry) = fields.entry(key) else { return };
    let (wanted, other): (&[&str], _) = match key {
        "on" => (&["weekly", "monthly"], None),
        "day_of_week" => (&["weekly"], (kind == "monthly").then_some("day_of_month")),
        "day_of_month" => (&["monthly"], (kind == "weekly").then_some("day_of_week")),
        _ => (&["interval"], None),
    };
    let message = format!("`{key}` does not apply to `schedule: {kind}`");
    let wanted = suggest::choices(wanted.iter().copied());
    let hint = match other {
        Some(other) => format!("write `on` or `{other}`"),
        None => format!("remove it, or write `schedule:` {wanted}"),
    };
    report.add(Problem::new(Code::DoesNotApply, entry.key_at, message).hint(hint));
}

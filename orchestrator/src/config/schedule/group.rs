//! A group: its time, its tasks, and how a scheduler treats it.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::schedule::fleet_terms::fleet_terms;
use crate::config::schedule::keys::{CATCH_UP, GROUP};
use crate::config::schedule::policy;
use crate::config::schedule::task::task;
use crate::config::schedule::task_names::settle_names;
use crate::config::values::fields::{Fields, list};
use crate::config::values::names;
use crate::config::values::scalar::{boolean, word};
use crate::config::values::time::{time_of_day, time_zone};
use crate::config::yaml::node::{MapEntry, Node, Value};
use crate::model::{CadenceKind, CatchUp, CatchUpMode, Group, GroupName, Overlap, Policy, Task};

/// One entry under `groups:`; `None` after an error.
pub(crate) fn group(entry: &MapEntry, defaults: &Policy, report: &mut Problems<'_>) -> Option<Group> {
    let name = names::group(&entry.key, entry.key_at, report);
    let fields = Fields::open_named(entry, &GROUP, report)?;
    let timezone = fields
        .get("timezone")
        .map_or(Some(TimeZone::UTC), |node| time_zone(node, "`timezone`", report));
    let stop_on_failure = fields
        .get("stop_on_failure")
        .and_then(|node| boolean(node, "`stop_on_failure`", report));
    let catch_up = fields
        .get("catch_up")
        .map(|node| catch_up(node, report))
        .unwrap_or_default();
    let overlap = fields
        .word("overlap", Code::BadWord, report)
        .and_then(Overlap::parse);
    let jitter = fields.duration("jitter", report);
    let fleet = fleet_terms(&fields, report);
    let mut policy = defaults.clone();
    policy::read(&mut policy, &fields, report);
    let tasks = fields.require("tasks", report).map_or_else(Vec::new, |node| {
        // Tasks are judged even where the name of their group is not usable.
        let group = name.clone().unwrap_or_else(|| GroupName::new(&*entry.key));
        tasks(node, &group, &policy, report)
    });
    let default_time = batch_time(&fields, report);
    Some(Group {
        name: name?,
        default_time: default_time?,
        timezone: timezone?,
        stop_on_failure: stop_on_failure.unwrap_or_default(),
        catch_up,
        overlap: overlap.unwrap_or_default(),
        jitter: jitter.unwrap_or_default(),
        fleet,
        tasks,
    })
}

/// When the batch runs; `None` after an error, `Some(None)` where no task is in it.
fn batch_time(fields: &Fields<'_>, report: &mut Problems<'_>) -> Option<Option<Time>> {
    let node = match fields.get("tasks").is_some_and(all_are_beside_batch) {
        true => fields.get("default_time"),
        false => Some(fields.require("default_time", report)?),
    };
    match node {
        Some(node) => time_of_day(node, "`default_time`", report).map(Some),
        None => Some(None),
    }
}

/// Whether each task says that it is none of the batch. It is asked of what is written: a task
/// with a mistake elsewhere does not make a time missed that it never needed.
fn all_are_beside_batch(tasks: &Node) -> bool {
    let says_so = |entry: &MapEntry| match &entry.node.value {
        Value::Text(word) if entry.key == "schedule" => {
            CadenceKind::parse(&word.text).is_some_and(|kind| !kind.is_in_batch())
        }
        _ => false,
    };
    let is_beside = |task: &Node| match &task.value {
        Value::Map(entries) => entries.iter().any(says_so),
        _ => false,
    };
    match &tasks.value {
        Value::List(tasks) => !tasks.is_empty() && tasks.iter().all(is_beside),
        _ => false,
    }
}

fn tasks(node: &Node, group: &GroupName, policy: &Policy, report: &mut Problems<'_>) -> Vec<Task> {
    let items = list(node, "`tasks`", "begin each task with `- command:`", report);
    let tasks = items
        .iter()
        .filter_map(|item| task(item, group, policy, report))
        .collect();
    settle_names(tasks, report)
}

/// A word, or a mapping with the word under `mode`.
fn catch_up(node: &Node, report: &mut Problems<'_>) -> CatchUp {
    let mode = |node: &Node, report: &mut Problems<'_>| {
        let word = word(node, "`catch_up`", Code::BadWord, CatchUpMode::WORDS, report);
        word.and_then(CatchUpMode::parse).unwrap_or_default()
    };
    if !matches!(node.value, Value::Map(_)) {
        return CatchUp {
            mode: mode(node, report),
            max_age: None,
        };
    }
    let Some(fields) = Fields::open(node, &CATCH_UP, report) else {
        return CatchUp::default();
    };
    let result = CatchUp {
        mode: fields
            .get("mode")
            .map(|node| mode(node, report))
            .unwrap_or_default(),
        max_age: fields.duration("max_age", report),
    };
    if let Some(entry) = fields.entry("max_age")
        && result.mode == CatchUpMode::None
    {
        let message = "`max_age` has no effect: nothing is caught up";
        let problem = Problem::new(Code::NoEffect, entry.key_at, message);
        report.add(problem.hint("remove it, or write `mode: last`"));
    }
    result
}

/// The time of day of a mapping that may have none.
pub(crate) fn optional_time(fields: &Fields<'_>, report: &mut Problems<'_>) -> Option<Time> {
    fields
        .get("default_time")
        .and_then(|node| time_of_day(node, "`default_time`", report))
}

//! How a task is run. A level of the file (`defaults:`, a group, a task) is
//! read over the policy of the level above, so that the nearest word wins by
//! being the last.

use std::path::PathBuf;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::quote;
use crate::config::schedule::policy_keys::{EXPECT, LIMITS, RETRY};
use crate::config::values::fields::{Fields, list, wrong_type};
use crate::config::values::names::variable;
use crate::config::values::scalar::{argument, word};
use crate::config::yaml::node::{Node, Value};
use crate::model::{Category, Policy, WorkspaceScope};

/// Reads the policy keys of one level over what the levels above said.
pub(crate) fn read(policy: &mut Policy, fields: &Fields<'_>, report: &mut Problems<'_>) {
    set_or_lift(&mut policy.timeout, "timeout", fields, |key| {
        fields.duration(key, report)
    });
    set_or_lift(&mut policy.idle_timeout, "idle_timeout", fields, |key| {
        fields.duration(key, report)
    });
    set(&mut policy.grace, fields.duration("grace", report));
    if let Some(fields) = fields
        .get("retry")
        .and_then(|node| Fields::open(node, &RETRY, report))
    {
        retry(policy, &fields, report);
    }
    if let Some(node) = fields.get("env") {
        env(policy, node, report);
    }
    if let Some(node) = fields.get("working_directory") {
        let directory = argument(node, "`working_directory`", report);
        if directory.as_deref() == Some("") {
            let problem = Problem::new(Code::BadText, node.at, "`working_directory` is empty");
            report.add(problem.hint("write a path; `.` is where orchestrate runs"));
        } else {
            set(
                &mut policy.working_directory,
                directory.map(|path| Some(PathBuf::from(path))),
            );
        }
    }
    if let Some(node) = fields.get("workspace") {
        let words = WorkspaceScope::WORDS;
        let named = word(node, "`workspace`", Code::BadWord, words, report);
        set(&mut policy.workspace, named.and_then(WorkspaceScope::parse));
    }
    if let Some(fields) = fields
        .get("limits")
        .and_then(|node| Fields::open(node, &LIMITS, report))
    {
        limits(policy, &fields, report);
    }
    if let Some(fields) = fields
        .get("expect")
        .and_then(|node| Fields::open(node, &EXPECT, report))
    {
        expect(policy, &fields, report);
    }
}

fn retry(policy: &mut Policy, fields: &Fields<'_>, report: &mut Problems<'_>) {
    let limit = fields.integer("limit", report);
    set(
        &mut policy.retry.limit,
        limit.and_then(|limit| u32::try_from(limit).ok()),
    );
    set(&mut policy.retry.delay, fields.duration("delay", report));
    if let Some(node) = fields.get("on") {
        let items = list(
            node,
            "`on`",
            "write the kinds of failure: `on: [network, timeout]`",
            report,
        );
        let mut on = Vec::with_capacity(items.len());
        for item in items {
            let named = word(item, "a kind of failure", Code::BadWord, Category::WORDS, report);
            let Some(category) = named.and_then(Category::parse) else {
                continue;
            };
            if !category.may_pass() {
                let what = format!("a failure of kind `{}` is never tried again", category.as_str());
                let problem = Problem::new(Code::NoEffect, item.at, what);
                report.add(problem.hint("remove it: another attempt would end the same way"));
            }
            on.push(category);
        }
        policy.retry.on = on;
    }
}

fn env(policy: &mut Policy, node: &Node, report: &mut Problems<'_>) {
    let entries = match &node.value {
        Value::Map(entries) => entries.as_slice(),
        Value::Null => &[],
        _ => {
            wrong_type(
                node,
                "`env`",
                "a mapping",
                "write `NAME: \"value\"` lines",
                report,
            );
            &[]
        }
    };
    for entry in entries {
        let usable = variable(&entry.key, entry.key_at, false, report);
        let value = argument(
            &entry.node,
            &format!("the variable {}", quote(&entry.key)),
            report,
        );
        if let (true, Some(value)) = (usable, value) {
            policy.env.insert(entry.key.clone(), value);
        }
    }
}

fn limits(policy: &mut Policy, fields: &Fields<'_>, report: &mut Problems<'_>) {
    let limits = &mut policy.limits;
    set_or_lift(&mut limits.memory, "memory", fields, |key| {
        fields.size(key, report)
    });
    set_or_lift(&mut limits.cpu_time, "cpu_time", fields, |key| {
        fields.duration(key, report)
    });
    set_or_lift(&mut limits.open_files, "open_files", fields, |key| {
        fields
            .integer(key, report)
            .and_then(|files| u64::try_from(files).ok())
    });
    set_or_lift(&mut limits.output, "output", fields, |key| {
        fields.size(key, report)
    });
}

fn expect(policy: &mut Policy, fields: &Fields<'_>, report: &mut Problems<'_>) {
    let records = fields.integer("min_records", report);
    set(
        &mut policy.expect.min_records,
        records.map(|records| u64::try_from(records).ok()),
    );
    set(
        &mut policy.expect.max_age,
        fields.duration("max_age", report).map(Some),
    );
}

/// `none` lifts what a level above has set.
fn set_or_lift<T>(
    slot: &mut Option<T>,
    key: &str,
    fields: &Fields<'_>,
    read: impl FnOnce(&str) -> Option<T>,
) {
    if fields.is_none(key) {
        *slot = None;
    } else {
        set(slot, read(key).map(Some));
    }
}

/// What could not be read was reported, and leaves the level above in place.
fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

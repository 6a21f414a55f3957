//! How a task is run. A level of the file (`defaults:`, a group, a task) is
//! read over the policy of the level above, so that the nearest word wins by
//! being the last.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::problems::codes::Code;
use crate::config::problems::report::{Problem, Report};
use crate::config::schedule::keys::{CATEGORIES, EXPECT, LIMITS, RETRY};
use crate::config::values::duration::duration;
use crate::config::values::fields::{Fields, list, wrong_type};
use crate::config::values::names::variable;
use crate::config::values::scalar::{argument, integer, word};
use crate::config::values::size::size;
use crate::config::yaml::node::{Node, Value};
use crate::model::{Category, Policy};

/// The least that a timer of ours can tell from zero.
const TICK: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// No program can be loaded into less.
const MIN_MEMORY: u64 = 1 << 20;

/// Reads the policy keys of one level over what the levels above said.
pub(crate) fn read(policy: &mut Policy, fields: &Fields<'_>, report: &mut Report<'_>) {
    if let Some(node) = fields.get("timeout") {
        set(
            &mut policy.timeout,
            or_none(node, |node| duration(node, "`timeout`", TICK, report)),
        );
    }
    if let Some(node) = fields.get("idle_timeout") {
        set(
            &mut policy.idle_timeout,
            or_none(node, |node| duration(node, "`idle_timeout`", TICK, report)),
        );
    }
    if let Some(node) = fields.get("grace") {
        set(
            &mut policy.grace,
            duration(node, "`grace`", Duration::ZERO, report),
        );
    }
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

fn retry(policy: &mut Policy, fields: &Fields<'_>, report: &mut Report<'_>) {
    if let Some(node) = fields.get("limit") {
        let limit = integer(node, "`limit`", 0, 100, report);
        set(
            &mut policy.retry.limit,
            limit.and_then(|limit| u32::try_from(limit).ok()),
        );
    }
    if let Some(node) = fields.get("delay") {
        set(
            &mut policy.retry.delay,
            duration(node, "`delay`", Duration::ZERO, report),
        );
    }
    if let Some(node) = fields.get("on") {
        let items = list(
            node,
            "`on`",
            "write the kinds of failure: `on: [network, timeout]`",
            report,
        );
        let mut on = Vec::with_capacity(items.len());
        for item in items {
            let named = word(item, "a kind of failure", Code::BadWord, CATEGORIES, report);
            let Some(category) = named.and_then(category) else {
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

/// The category that a word in `retry: {on: [...]}` names.
fn category(word: &str) -> Option<Category> {
    ALL_CATEGORIES
        .into_iter()
        .find(|category| category.as_str() == word)
}

const ALL_CATEGORIES: [Category; 11] = [
    Category::Usage,
    Category::Validation,
    Category::Network,
    Category::Temporary,
    Category::Auth,
    Category::Configuration,
    Category::RateLimit,
    Category::Timeout,
    Category::Signal,
    Category::Spawn,
    Category::Failed,
];

fn env(policy: &mut Policy, node: &Node, report: &mut Report<'_>) {
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
            &format!(
                "the variable {}",
                crate::config::problems::suggest::quote(&entry.key)
            ),
            report,
        );
        if let (true, Some(value)) = (usable, value) {
            policy.env.insert(entry.key.clone(), value);
        }
    }
}

fn limits(policy: &mut Policy, fields: &Fields<'_>, report: &mut Report<'_>) {
    let limits = &mut policy.limits;
    if let Some(node) = fields.get("memory") {
        set(
            &mut limits.memory,
            or_none(node, |node| size(node, "`memory`", MIN_MEMORY, report)),
        );
    }
    if let Some(node) = fields.get("cpu_time") {
        set(
            &mut limits.cpu_time,
            or_none(node, |node| duration(node, "`cpu_time`", SECOND, report)),
        );
    }
    if let Some(node) = fields.get("open_files") {
        let files = or_none(node, |node| integer(node, "`open_files`", 8, 1_048_576, report));
        set(
            &mut limits.open_files,
            files.map(|files| files.and_then(|files| u64::try_from(files).ok())),
        );
    }
    if let Some(node) = fields.get("output") {
        set(
            &mut limits.output,
            or_none(node, |node| size(node, "`output`", 1, report)),
        );
    }
}

fn expect(policy: &mut Policy, fields: &Fields<'_>, report: &mut Report<'_>) {
    if let Some(node) = fields.get("min_records") {
        let records = integer(node, "`min_records`", 0, 1_000_000_000_000, report);
        set(
            &mut policy.expect.min_records,
            records.map(|records| u64::try_from(records).ok()),
        );
    }
    if let Some(node) = fields.get("max_age") {
        set(
            &mut policy.expect.max_age,
            duration(node, "`max_age`", SECOND, report).map(Some),
        );
    }
}

/// `none` lifts what a level above has set.
fn or_none<T>(node: &Node, read: impl FnOnce(&Node) -> Option<T>) -> Option<Option<T>> {
    match &node.value {
        Value::Text(text) if text.text == "none" => Some(None),
        _ => read(node).map(Some),
    }
}

/// What could not be read was reported, and leaves the level above in place.
fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_for_failures_are_those_of_the_model() {
        assert_eq!(ALL_CATEGORIES.map(Category::as_str), CATEGORIES);
    }
}

//! What differs between two schedules, in the words that `plan --diff` and a reload
//! tell it with. Pure.

use std::fmt;

use crate::model::schedule::{Cadence, Group, Policy, Schedule, Task, WORKFLOW_GROUP};
use crate::model::weekday::weekday_name;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TimetableChange {
    /// What happened to it.
    pub kind: ChangeKind,
    /// A group, or a task as `group/command`.
    pub what: String,
    /// How it is now, or how it was and is.
    pub detail: String,
}

/// What happened to a group or a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is due at other times.
    Moved,
    /// It is run in another way.
    Changed,
}

impl fmt::Display for TimetableChange {
    /// `moved github/run_x: daily -> weekly on monday`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Moved => "moved",
            ChangeKind::Changed => "changed",
        };
        write!(f, "{kind} {}: {}", self.what, self.detail)
    }
}

/// What became of `before` in `after`, in the order of `after`, what is gone last.
pub fn changes(before: &Schedule, after: &Schedule) -> Vec<TimetableChange> {
    let mut found = Vec::new();
    if before.release != after.release {
        let detail = "where releases are looked for, or which there are".to_owned();
        found.push(change(ChangeKind::Changed, "release", detail));
    }
    let (before, after) = (batches(before), batches(after));
    for batch in &after {
        match before.iter().find(|old| old.name == batch.name) {
            Some(old) => compare(old, batch, &mut found),
            None => {
                found.push(change(ChangeKind::Added, batch.name, batch.time.clone()));
                let added = |task: &&Task| change(ChangeKind::Added, &name(task), rhythm(task));
                found.extend(batch.tasks.iter().map(added));
            }
        }
    }
    let gone = |old: &&Batch<'_>| !after.iter().any(|batch| batch.name == old.name);
    found.extend(before.iter().filter(gone).map(|old| {
        change(
            ChangeKind::Removed,
            old.name,
            match old.tasks.len() {
                1 => format!("{}, 1 task", old.time),
                tasks => format!("{}, {tasks} tasks", old.time),
            },
        )
    }));
    found
}

/// A group or the fixed list.
struct Batch<'a> {
    name: &'a str,
    time: String,
    group: Option<&'a Group>,
    tasks: Vec<&'a Task>,
}

fn batches<'a>(schedule: &'a Schedule) -> Vec<Batch<'a>> {
    let group = |group: &'a Group| Batch {
        name: group.name.as_str(),
        time: match group.default_time {
            Some(at) => format!("at {} {}", at.strftime("%H:%M"), zone(group)),
            None => format!("without a batch, {}", zone(group)),
        },
        group: Some(group),
        tasks: group.tasks.iter().collect(),
    };
    let fixed = schedule.workflow.as_ref().map(|workflow| Batch {
        name: WORKFLOW_GROUP,
        time: match workflow.default_time {
            Some(at) => format!("at {} UTC", at.strftime("%H:%M")),
            None => "only by hand".to_owned(),
        },
        group: None,
        tasks: workflow.tasks.iter().collect(),
    });
    schedule.groups.iter().map(group).chain(fixed).collect()
}

fn zone(group: &Group) -> &str {
    group.timezone.iana_name().unwrap_or("UTC")
}

fn compare(old: &Batch<'_>, new: &Batch<'_>, found: &mut Vec<TimetableChange>) {
    if old.time != new.time {
        found.push(change(
            ChangeKind::Moved,
            new.name,
            format!("{} -> {}", old.time, new.time),
        ));
    }
    if let (Some(before), Some(after)) = (old.group, new.group) {
        let differs = differences([
            ("catch_up", before.catch_up != after.catch_up),
            ("overlap", before.overlap != after.overlap),
            ("jitter", before.jitter != after.jitter),
            ("stop_on_failure", before.stop_on_failure != after.stop_on_failure),
            ("lease", before.fleet.lease != after.fleet.lease),
            ("on_lost", before.fleet.on_lost != after.fleet.on_lost),
            ("runs_on", before.fleet.runs_on != after.fleet.runs_on),
        ]);
        found.extend(differs.map(|differs| change(ChangeKind::Changed, new.name, differs)));
    }
    let mut rest = old.tasks.clone();
    let mut order = Vec::new();
    for task in &new.tasks {
        match rest.iter().position(|old| old.name == task.name) {
            Some(at) => {
                let before = rest.remove(at);
                order.push(old.tasks.iter().position(|old| std::ptr::eq(*old, before)));
                compare_tasks(before, task, found);
            }
            None => found.push(change(ChangeKind::Added, &name(task), rhythm(task))),
        }
    }
    found.extend(
        rest.into_iter()
            .map(|gone| change(ChangeKind::Removed, &name(gone), rhythm(gone))),
    );
    if !order.is_sorted() {
        let detail = "its tasks run in another order".to_owned();
        found.push(change(ChangeKind::Changed, new.name, detail));
    }
}

fn compare_tasks(before: &Task, after: &Task, found: &mut Vec<TimetableChange>) {
    if rhythm(before) != rhythm(after) {
        let detail = format!("{} -> {}", rhythm(before), rhythm(after));
        found.push(change(ChangeKind::Moved, &name(after), detail));
    }
    let (old, new) = (&before.policy, &after.policy);
    let Policy {
        timeout,
        idle_timeout,
        grace,
        retry,
        env,
        working_directory,
        workspace,
        limits,
        expect,
    } = old;
    let differs = differences([
        ("command", before.command != after.command),
        ("args", before.args != after.args),
        ("timeout", *timeout != new.timeout),
        ("idle_timeout", *idle_timeout != new.idle_timeout),
        ("grace", *grace != new.grace),
        ("retry", *retry != new.retry),
        // Only that it differs: values may be nobody's business.
        ("env", *env != new.env),
        ("working_directory", *working_directory != new.working_directory),
        ("workspace", *workspace != new.workspace),
        ("limits", *limits != new.limits),
        ("expect", *expect != new.expect),
    ]);
    found.extend(differs.map(|differs| change(ChangeKind::Changed, &name(after), differs)));
}

fn differences<const N: usize>(keys: [(&str, bool); N]) -> Option<String> {
    let differs: Vec<&str> = keys
        .iter()
        .filter(|(_, differs)| *differs)
        .map(|(key, _)| *key)
        .collect();
    (!differs.is_empty()).then(|| differs.join(", "))
}

fn name(task: &Task) -> String {
    format!("{}/{}", task.group, task.name)
}

/// `weekly on monday`, `daily, disabled`.
fn rhythm(task: &Task) -> String {
    let disabled = if task.enabled { "" } else { ", disabled" };
    format!("{}{disabled}", task.cadence)
}

fn change(kind: ChangeKind, what: &str, detail: String) -> TimetableChange {
    TimetableChange {
        kind,
        what: what.to_owned(),
        detail,
    }
}

impl fmt::Display for Cadence {
    /// `daily`, `weekly on monday`, `monthly on day 31`, `every 15 minutes`, `on_release`,
    /// `cron 5 */2 * * *`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekly(day) => write!(f, "weekly on {}", weekday_name(*day)),
            Self::Monthly(day) => write!(f, "monthly on day {}", day.get()),
            Self::Interval(minutes) if minutes.get() == 1 => f.write_str("every minute"),
            Self::Interval(minutes) => write!(f, "every {} minutes", minutes.get()),
            Self::Cron(cron) => write!(f, "cron {cron}"),
            Self::Daily | Self::OnRelease => f.write_str(self.keyword()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;

    use super::*;
    use crate::model::fixtures::{example, group, interval, schedule, weekly, workflow};
    use crate::model::ids::TaskName;

    fn told(before: &Schedule, after: &Schedule) -> Vec<String> {
        changes(before, after).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nothing_differs_from_itself() {
        assert_eq!(told(&example(), &example()), [""; 0]);
    }

    #[test]
    fn what_is_added_removed_moved_and_changed_is_told() {
        let before = example();
        let mut after = example();
        after.groups[0].default_time = Some("05:00".parse().unwrap());
        after.groups[0].overlap = crate::model::Overlap::Queue;
        after.groups[0].tasks[0].cadence = weekly(Weekday::Friday);
        after.groups[0].tasks[1].enabled = false;
        after.groups[0].tasks[2]
            .policy
            .env
            .insert("TOKEN".into(), "s3cret".into());
        after.groups[0].tasks.swap(3, 4);
        after.groups.remove(1);
        after.release.poll = Some(std::time::Duration::from_secs(3600));
        after
            .groups
            .push(group("new", "Europe/Berlin", "06:00", &[("poll", interval(15))]));
        after.workflow = Some(workflow(None, &["all"]));
        assert_eq!(
            told(&before, &after),
            [
                "changed release: where releases are looked for, or which there are",
                "moved github: at 04:10 UTC -> at 05:00 UTC",
                "changed github: overlap",
                "moved github/library: daily -> weekly on friday",
                "moved github/usage: weekly on monday -> weekly on monday, disabled",
                "changed github/poll: env",
                "changed github: its tasks run in another order",
                "added new: at 06:00 Europe/Berlin",
                "added new/poll: every 15 minutes",
                "added workflow: only by hand",
                "added workflow/all: daily",
                "removed reporting: at 06:00 UTC, 7 tasks",
            ]
        );
    }

    #[test]
    fn twins_are_told_apart_by_their_names() {
        let twice = |first: &str, second: &str| {
            let mut twice = schedule([group(
                "g",
                "UTC",
                "04:10",
                &[("c", Cadence::Daily), ("c", Cadence::Daily)],
            )]);
            for (task, name) in twice.groups[0].tasks.iter_mut().zip([first, second]) {
                task.name = TaskName::new(name);
                task.args = vec![name.to_owned()];
            }
            twice
        };
        assert_eq!(
            told(&twice("a", "b"), &twice("b", "a")),
            ["changed g: its tasks run in another order"]
        );
        assert_eq!(
            told(&twice("a", "b"), &twice("a", "c")),
            ["added g/c: daily", "removed g/b: daily"]
        );
        let mut other = twice("a", "b");
        other.groups[0].tasks[1].args.clear();
        assert_eq!(told(&twice("a", "b"), &other), ["changed g/b: args"]);
    }
}

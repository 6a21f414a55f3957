//! Which tasks somebody means who types a name: those of that name, in whichever group (or
//! `GROUP/NAME`, as they are printed); else
//! those whose command it is (or `GROUP/COMMAND`), where that is no riddle.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Schedule, nearest};
use crate::store::{KnownTask, Store, StoreError};

/// What can be meant, and what is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meant {
    /// One in each group, in the order of groups.
    Tasks(Vec<KnownTask>),
    /// It is a command that a group has more than once: the names to choose from.
    Ambiguous(Vec<KnownTask>),
    /// Nobody has the name: the nearest that there is.
    Unknown(Option<String>),
}

/// The tasks of the schedule and those of which a run is recorded.
///
/// # Errors
/// The database fails.
pub(crate) async fn find_tasks(
    store: &Store,
    schedule: Option<&Schedule>,
    word: &str,
    group: Option<&str>,
) -> Result<Meant, StoreError> {
    let scheduled = schedule.into_iter().flat_map(scheduled_tasks);
    find_among(store, scheduled.collect(), word, group).await
}

/// These tasks and those of which a run is recorded.
///
/// # Errors
/// The database fails.
pub(crate) async fn find_among(
    store: &Store,
    mut others: Vec<KnownTask>,
    word: &str,
    group: Option<&str>,
) -> Result<Meant, StoreError> {
    others.extend(store.known_tasks().await?);
    Ok(choose(others, word, group))
}

/// All tasks of a group, those that only the record has too.
///
/// # Errors
/// The database fails.
pub(crate) async fn find_group(
    store: &Store,
    schedule: Option<&Schedule>,
    group: &str,
) -> Result<Meant, StoreError> {
    let mut all = store.known_tasks().await?;
    all.extend(schedule.into_iter().flat_map(scheduled_tasks));
    let of_group: BTreeMap<String, KnownTask> = all
        .iter()
        .filter(|task| task.group == group)
        .map(|task| (task.name.clone(), task.clone()))
        .collect();
    if of_group.is_empty() {
        let near = nearest(group, all.iter().map(|task| task.group.as_str()));
        return Ok(Meant::Unknown(near.map(str::to_owned)));
    }
    Ok(Meant::Tasks(of_group.into_values().collect()))
}

/// The tasks of a schedule, as they are known.
pub(crate) fn scheduled_tasks(schedule: &Schedule) -> impl Iterator<Item = KnownTask> {
    schedule.tasks().map(|task| KnownTask {
        group: task.group.to_string(),
        name: task.name.to_string(),
        command: task.command.to_string(),
    })
}

/// Whether a task is called so: by its name, or as it is printed everywhere.
pub(crate) fn is_called(group: &str, name: &str, word: &str) -> bool {
    let after_group = word.strip_prefix(group).and_then(|rest| rest.strip_prefix('/'));
    word == name || after_group == Some(name)
}

/// The rule. Pure.
pub(crate) fn choose(all: Vec<KnownTask>, word: &str, group: Option<&str>) -> Meant {
    let in_group = |task: &KnownTask| group.is_none_or(|group| group == task.group);
    let all: BTreeSet<KnownTask> = all.into_iter().filter(in_group).collect();
    let with_name: BTreeMap<&str, &KnownTask> = all
        .iter()
        .filter(|task| is_called(&task.group, &task.name, word))
        .map(|task| (task.group.as_str(), task))
        .collect();
    if !with_name.is_empty() {
        return Meant::Tasks(with_name.into_values().cloned().collect());
    }
    let has_command = |task: &&KnownTask| is_called(&task.group, &task.command, word);
    let with_command: Vec<KnownTask> = all.iter().filter(has_command).cloned().collect();
    let mut groups = BTreeSet::new();
    if with_command
        .iter()
        .any(|task| !groups.insert(task.group.as_str()))
    {
        return Meant::Ambiguous(with_command);
    }
    if with_command.is_empty() {
        let printed: Vec<String> = all
            .iter()
            .filter(|_| word.contains('/'))
            .map(|task| format!("{}/{}", task.group, task.name))
            .collect();
        let names = all.iter().map(|task| task.name.as_str());
        let names = printed.iter().map(String::as_str).chain(names);
        return Meant::Unknown(nearest(word, names).map(str::to_owned));
    }
    Meant::Tasks(with_command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(tasks: &[(&str, &str, &str)]) -> Vec<KnownTask> {
        let task = |&(group, name, command): &(&str, &str, &str)| KnownTask {
            group: group.to_owned(),
            name: name.to_owned(),
            command: command.to_owned(),
        };
        tasks.iter().map(task).collect()
    }

    fn names(word: &str, group: Option<&str>) -> String {
        let all = known(&[
            ("a", "x", "x"),
            ("a", "x#2", "x"),
            ("b", "x", "x"),
            ("b", "early", "y"),
            ("b", "late", "y"),
            ("c", "only", "y"),
            // It had another command before.
            ("c", "only", "z"),
        ]);
        match choose(all, word, group) {
            Meant::Tasks(tasks) => tasks
                .iter()
                .map(|task| format!("{}/{}", task.group, task.name))
                .collect::<Vec<_>>()
                .join(" "),
            Meant::Ambiguous(tasks) => format!("ambiguous {}", tasks.len()),
            Meant::Unknown(near) => format!("unknown, near {near:?}"),
        }
    }

    #[test]
    fn a_name_is_meant_before_a_command() {
        assert_eq!(names("x", None), "a/x b/x");
        assert_eq!(names("x", Some("a")), "a/x");
        assert_eq!(names("x#2", None), "a/x#2");
        assert_eq!(names("late", None), "b/late");
        assert_eq!(names("b/late", None), "b/late");
        assert_eq!(names("b/late", Some("a")), "unknown, near None");
        assert_eq!(names("b/lste", None), "unknown, near Some(\"b/late\")");
        assert_eq!(names("b/y", None), "ambiguous 2");
        assert_eq!(names("c/z", None), "c/only");
        assert_eq!(names("a/x#2", None), "a/x#2");
        assert_eq!(names("y", None), "ambiguous 3");
        assert_eq!(names("y", Some("b")), "ambiguous 2");
        assert_eq!(names("y", Some("c")), "c/only");
        assert_eq!(names("z", None), "c/only");
        assert_eq!(names("lste", None), "unknown, near Some(\"late\")");
        assert_eq!(names("early", Some("a")), "unknown, near None");
    }
}

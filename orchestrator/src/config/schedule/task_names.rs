//! The names of a group's tasks: each is unique, and none can be taken for another task.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use indexmap::IndexMap;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::quote;
use crate::config::values::names::MAX_TASK_NAME;
use crate::config::values::scalar::text;
use crate::config::yaml::node::Node;
use crate::model::{Task, Titled, name_tasks};

/// A task whose name is not settled, for that depends on the others of its group.
pub(crate) struct UnnamedTask {
    pub(crate) task: Task,
    /// What `name:` says, and where.
    pub(crate) given: Option<(String, usize)>,
    /// Where the task stands.
    pub(crate) at: usize,
}

/// The value of `name:`.
pub(crate) fn task_name(node: &Node, report: &mut Problems<'_>) -> Option<(String, usize)> {
    let name = text(node, "`name`", report)?;
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if (1..=MAX_TASK_NAME).contains(&name.len()) && name.chars().all(usable) {
        return Some((name.to_owned(), node.at));
    }
    let message = format!("the name {} cannot be that of a task", quote(name));
    report.add(
        Problem::new(Code::BadName, node.at, message)
            .hint("write up to 64 letters, digits, `_`, `.` or `-`, as in `name: github-nightly`"),
    );
    None
}

/// The tasks with their names. A name that is given twice, or is the command of another
/// task, is an error; twins without names are warned of.
pub(crate) fn settle_names(tasks: Vec<UnnamedTask>, report: &mut Problems<'_>) -> Vec<Task> {
    refuse_taken_names(&tasks, report);
    let titled: Vec<Titled<'_>> = tasks
        .iter()
        .map(|unnamed| Titled {
            name: unnamed.given.as_ref().map(|(name, _)| name.as_str()),
            command: unnamed.task.command.as_str(),
        })
        .collect();
    let names = name_tasks(&titled);
    warn_of_twins(&tasks, report);
    let named = |(unnamed, name): (UnnamedTask, _)| Task { name, ..unnamed.task };
    tasks.into_iter().zip(names).map(named).collect()
}

fn refuse_taken_names(tasks: &[UnnamedTask], report: &mut Problems<'_>) {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut commands: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, unnamed) in tasks.iter().enumerate() {
        commands
            .entry(unnamed.task.command.as_str())
            .or_default()
            .push(place);
    }
    for (place, unnamed) in tasks.iter().enumerate() {
        let Some((name, at)) = &unnamed.given else {
            continue;
        };
        let (at, shown) = (*at, quote(name));
        if let Some(&other) = first.get(name.as_str()) {
            let (line, _) = report.source.position(other);
            let message = format!("the name {shown} is that of the task at line {line}");
            report.add(
                Problem::new(Code::TakenName, at, message).hint("give each task of a group its own name"),
            );
            continue;
        }
        first.insert(name, at);
        let mut meant = commands.get(name.as_str()).into_iter().flatten();
        if let Some(other) = meant.find(|other| **other != place).map(|&other| &tasks[other]) {
            let (line, _) = report.source.position(other.at);
            let message = format!("the name {shown} is the command of the task at line {line}");
            report.add(
                Problem::new(Code::TakenName, at, message)
                    .hint("choose a name that no other task of the group could be meant by"),
            );
        }
    }
}

/// Of tasks without names: one that is there twice, and a command that is. A command is warned
/// of once, however many tasks it has.
fn warn_of_twins(tasks: &[UnnamedTask], report: &mut Problems<'_>) {
    let mut same: HashMap<_, usize> = HashMap::new();
    let mut twins: IndexMap<&str, Vec<usize>> = IndexMap::new();
    for UnnamedTask { task, at, .. } in tasks.iter().filter(|task| task.given.is_none()) {
        let command = task.command.as_str();
        match same.entry((command, &task.args, &task.cadence)) {
            Entry::Vacant(first) => {
                first.insert(*at);
                twins.entry(command).or_default().push(*at);
            }
            Entry::Occupied(first) => {
                let (line, _) = report.source.position(*first.get());
                let message = format!("{} is the same task as the one at line {line}", quote(command));
                report.add(
                    Problem::new(Code::DuplicateTask, *at, message)
                        .hint("it runs twice; remove one if that is not meant, else give each a `name:`"),
                );
            }
        }
    }
    for (command, places) in twins {
        let [first, second, further @ ..] = places.as_slice() else {
            continue;
        };
        let (line, _) = report.source.position(*first);
        let others = match further.len() {
            0 => String::new(),
            further => format!(" and of {further} more"),
        };
        let message = format!(
            "{} is the command of the task at line {line}{others} too, and has no name of its own",
            quote(command)
        );
        report.add(Problem::new(Code::UnnamedTwin, *second, message).hint(
            "give it a `name:`, under which its state and history are kept: without names they go by the order of the tasks",
        ));
    }
}

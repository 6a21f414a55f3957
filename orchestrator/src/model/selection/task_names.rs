//! What tasks are called. A name is the key of all that is kept of a task, so the rule is one:
//! a task without a name of its own is called after its command; the first one in its group
//! keeps the bare command for ever, a further one gets `command#2` by its order.

use std::collections::{HashMap, HashSet};

use crate::model::ids::TaskName;

/// A task of a group as it is written down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Titled<'a> {
    /// What `name:` says, if it says anything.
    pub(crate) name: Option<&'a str>,
    pub(crate) command: &'a str,
}

/// The names of a group's tasks, in their order. Names that were given stay as they are, also
/// where they are not unique: that is for the caller to refuse.
pub(crate) fn name_tasks(tasks: &[Titled<'_>]) -> Vec<TaskName> {
    let mut taken: HashSet<String> = tasks
        .iter()
        .filter_map(|task| task.name)
        .map(str::to_owned)
        .collect();
    let mut numbers = HashMap::new();
    let mut names = Vec::with_capacity(tasks.len());
    for task in tasks {
        names.push(match task.name {
            Some(name) => TaskName::new(name),
            None => {
                // Names are never given back: nobody need ask again for a lower number.
                let number = numbers.entry(task.command).or_insert(1);
                TaskName::new(free_name(task.command, number, &mut taken))
            }
        });
    }
    names
}

/// The bare command, or the first number from `number` on that makes it unique.
fn free_name(command: &str, number: &mut usize, taken: &mut HashSet<String>) -> String {
    loop {
        let name = match *number {
            1 => command.to_owned(),
            further => format!("{command}#{further}"),
        };
        *number += 1;
        if taken.insert(name.clone()) {
            return name;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(tasks: &[(Option<&str>, &str)]) -> Vec<String> {
        let tasks: Vec<_> = tasks
            .iter()
            .map(|&(name, command)| Titled { name, command })
            .collect();
        name_tasks(&tasks).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_keeps_the_bare_command() {
        assert_eq!(
            names(&[(None, "a"), (None, "b"), (None, "a"), (None, "a")]),
            ["a", "b", "a#2", "a#3"]
        );
        // A named one counts for nothing.
        assert_eq!(names(&[(Some("nightly"), "a"), (None, "a")]), ["nightly", "a"]);
        // A command that looks like a number of another.
        assert_eq!(
            names(&[(None, "a#2"), (None, "a"), (None, "a")]),
            ["a#2", "a", "a#3"]
        );
    }

    proptest! {
        #[test]
        fn names_are_unique(tasks in proptest::collection::vec("[ab](#[23])?", 0..12)) {
            let tasks: Vec<(Option<&str>, &str)> = tasks.iter().map(|command| (None, command.as_str())).collect();
            let all = names(&tasks);
            prop_assert_eq!(all.iter().collect::<HashSet<_>>().len(), tasks.len());
        }
    }
}

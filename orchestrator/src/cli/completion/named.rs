//! What the value of an argument is the name of.

use clap::Arg;

/// What a value is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Kind,
    Group,
    Task,
    /// `GROUP/NAME`.
    Qualified,
    Run,
    RunOrTask,
    Collection,
    Topic,
    Key,
}

impl Named {
    /// Told by what the help calls it.
    pub(crate) fn of(arg: &Arg) -> Option<Self> {
        let id = arg.get_id().as_str();
        let shown = arg.get_value_names().and_then(|names| names.first());
        Some(match (id, shown.map_or("", |name| name.as_str())) {
            ("schedule", "KIND") => Self::Kind,
            (_, "GROUP") => Self::Group,
            (_, "GROUP/COLLECTOR") => Self::Qualified,
            (_, "COLLECTOR" | "COMMAND") | ("collector", _) => Self::Task,
            (_, "RUN|COLLECTOR") => Self::RunOrTask,
            (_, "RUN" | "RUN|TIME") => Self::Run,
            (_, "COLLECTION") => Self::Collection,
            (_, "TOPIC") => Self::Topic,
            (_, "KEY") if id == "key" && arg.get_index() == Some(2) => Self::Key,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    /// What the argument of a verb is, by the words to the verb and the argument's id.
    fn named(words: &[&str], id: &str) -> Option<Named> {
        let mut command = Cli::command();
        command.build();
        let mut verb = &command;
        for word in words {
            verb = verb.find_subcommand(word).unwrap();
        }
        Named::of(verb.get_arguments().find(|arg| arg.get_id() == id).unwrap())
    }

    #[test]
    fn the_arguments_that_name_something_are_known() {
        for (words, id, wanted) in [
            (&["run"][..], "schedule", Some(Named::Kind)),
            (&["run"], "groups", Some(Named::Group)),
            (&["run"], "collectors", Some(Named::Task)),
            (&["run"], "date", None),
            (&["run-one"], "command", Some(Named::Task)),
            (&["logs"], "run", Some(Named::RunOrTask)),
            (&["logs"], "command", Some(Named::Task)),
            (&["show"], "run", Some(Named::Run)),
            (&["show"], "collector", Some(Named::Task)),
            (&["history"], "collector", Some(Named::Task)),
            (&["cancel"], "run", Some(Named::Run)),
            (&["retry"], "run", Some(Named::Run)),
            (&["why"], "command", Some(Named::Task)),
            (&["pause"], "group", Some(Named::Group)),
            (&["records", "export"], "collection", Some(Named::Collection)),
            (&["state", "show"], "task", Some(Named::Qualified)),
            (&["explain"], "topic", Some(Named::Topic)),
            (&["explain"], "key", Some(Named::Key)),
            (&["new", "collector"], "name", None),
        ] {
            assert_eq!(named(words, id), wanted, "{words:?} {id}");
        }
    }
}

//! What `orchestrate` alone says: the verbs by what they are for, and where to begin.

use std::fmt::Write;

use anstyle::Style;
use clap::Command;

/// Every verb, by what people want.
const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Run",
        &["run", "run-all", "run-one", "retry", "beat", "serve", "worker"],
    ),
    (
        "Look",
        &[
            "status", "plan", "next", "why", "history", "show", "logs", "records",
        ],
    ),
    (
        "Operate",
        &[
            "cancel", "pause", "resume", "release", "state", "notices", "workers", "token", "health",
        ],
    ),
    (
        "Write collectors",
        &["init", "new", "check", "check-collector", "schema"],
    ),
    ("Maintain", &["db", "completions", "man"]),
];

/// The page.
pub(crate) fn overview(command: &Command) -> String {
    let (name, heading) = (Style::new().bold(), Style::new().bold().underline());
    let mut page = String::new();
    // Writing to a String cannot fail.
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(page, "{about}\n");
    for (group, verbs) in GROUPS {
        let _ = writeln!(page, "{heading}{group}{heading:#}");
        for verb in verbs {
            let about = command
                .find_subcommand(verb)
                .and_then(Command::get_about)
                .map(ToString::to_string)
                .unwrap_or_default();
            let _ = writeln!(page, "  {name}{verb:<16}{name:#} {about}");
        }
    }
    let _ = writeln!(page, "\n{heading}Begin{heading:#}");
    for (line, meaning) in [
        ("orchestrate init", "a first project, here"),
        ("orchestrate run --schedule daily", "run it"),
        ("orchestrate VERB --help", "what a verb takes, with examples"),
    ] {
        let _ = writeln!(page, "  {name}{line:<34}{name:#} {meaning}");
    }
    page.truncate(page.trim_end().len());
    page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_verb_is_on_the_page_once() {
        let command = Cli::command();
        let known: BTreeSet<&str> = command
            .get_subcommands()
            .filter(|verb| !verb.is_hide_set())
            .map(Command::get_name)
            .collect();
        let shown: Vec<&str> = GROUPS.iter().flat_map(|(_, verbs)| *verbs).copied().collect();
        assert_eq!(shown.iter().copied().collect::<BTreeSet<_>>(), known);
        assert_eq!(shown.len(), known.len());
        let page = overview(&command);
        assert!(
            page.lines().count() <= 45 && page.contains("orchestrate init"),
            "{page}"
        );
    }
}

//! The command to type next about a task that needs a look. Pure.

use crate::model::{OutcomeKind, SkipCause};
use crate::queries::status::answer::{NightLine, NightState};
use crate::queries::status::facts::NightFacts;
use crate::text::shell_word;

/// One line to copy.
pub(crate) fn next_step(line: &NightLine, facts: &NightFacts) -> String {
    let hint = facts.newest.as_ref().and_then(|run| run.hint.as_deref());
    let task = (line.group.as_str(), line.name.as_str());
    step(task, (line.state, line.outcome), line.cause.as_deref(), hint)
}

/// The same for a task (group and name) of which this is known.
pub(crate) fn step(
    (group, name): (&str, &str),
    became: (NightState, Option<OutcomeKind>),
    cause: Option<&str>,
    hint: Option<&str>,
) -> String {
    let task = format!("{} --group {}", shell_word(name), shell_word(group));
    match became {
        (NightState::Missed, _) | (_, Some(OutcomeKind::Cancelled)) => format!("orchestrate run-one {task}"),
        (NightState::Skipped, _) => match cause.map(SkipCause::of_reason) {
            Some(SkipCause::ReleaseUnknown) => "orchestrate release check".to_owned(),
            _ => format!("orchestrate why {task}"),
        },
        (_, Some(OutcomeKind::NotStarted)) => hint
            .filter(|hint| hint.starts_with("chmod "))
            .map_or_else(|| "orchestrate check".to_owned(), str::to_owned),
        _ => format!("orchestrate logs {task}"),
    }
}

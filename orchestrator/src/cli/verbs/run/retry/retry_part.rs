//! Which collectors of a past run are run again. Pure; `retry` executes them.

use clap::Args;

use crate::cli::args::task_word::ambiguous;
use crate::cli::shell::failure::Failure;
use crate::model::TaskStatus;
use crate::queries::find_task::{Meant, choose};
use crate::store::{KnownTask, RunRecord, TaskState};

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RetryPart {
    /// Only what did not succeed: what failed, and what was not run because of that
    #[arg(long)]
    pub(crate) failed: bool,
    /// Only what succeeded and brought too little; with --failed, both
    #[arg(long)]
    pub(crate) suspect: bool,
    /// Only this collector; may be repeated
    #[arg(long = "collector", value_name = "COLLECTOR")]
    pub(crate) collectors: Vec<String>,
    /// Only from this collector on, in the run's order
    #[arg(long, value_name = "COLLECTOR")]
    pub(crate) from: Option<String>,
}

impl RetryPart {
    /// Every name of a collector that was typed.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.collectors.iter().chain(&self.from).map(String::as_str)
    }

    fn takes(&self, task: &TaskState) -> bool {
        let summary = &task.summary;
        let failed = summary.outcome != TaskStatus::Succeeded;
        let suspect = summary.suspect.is_some();
        (!self.failed && !self.suspect) || (self.failed && failed) || (self.suspect && suspect)
    }

    /// What it is narrowed by, as it was typed.
    fn flags(&self) -> Vec<&'static str> {
        let given = [
            (self.failed, "--failed"),
            (self.suspect, "--suspect"),
            (!self.collectors.is_empty(), "--collector"),
            (self.from.is_some(), "--from"),
        ];
        given
            .into_iter()
            .filter_map(|(given, flag)| given.then_some(flag))
            .collect()
    }
}

/// The tasks of the run that are wanted, in its order; what narrows them narrows together.
///
/// # Errors
/// The run does not have a collector that is named, or nothing is left.
pub(crate) fn tasks_to_retry<'a>(
    record: &'a RunRecord,
    part: &RetryPart,
) -> Result<Vec<&'a TaskState>, Failure> {
    let mut named = Vec::new();
    for word in &part.collectors {
        named.extend(find(record, word)?);
    }
    let start = match &part.from {
        Some(word) => find(record, word)?.into_iter().min(),
        None => None,
    };
    let wanted: Vec<&TaskState> = record
        .tasks
        .iter()
        .enumerate()
        .filter(|(index, _)| part.collectors.is_empty() || named.contains(index))
        .filter(|(index, _)| start.is_none_or(|start| *index >= start))
        .map(|(_, task)| task)
        .filter(|task| part.takes(task))
        .collect();
    if wanted.is_empty() {
        return Err(nothing(record, part));
    }
    Ok(wanted)
}

/// Where the tasks stand in the run which a word means.
fn find(record: &RunRecord, word: &str) -> Result<Vec<usize>, Failure> {
    let run = &record.header.run;
    let known = || record.tasks.iter().map(known_task);
    match choose(known().collect(), word, None) {
        Meant::Tasks(meant) => Ok(known()
            .enumerate()
            .filter(|(_, task)| meant.contains(task))
            .map(|(index, _)| index)
            .collect()),
        Meant::Ambiguous(tasks) => Err(ambiguous(word, &tasks)),
        Meant::Unknown(near) => {
            let failure = Failure::usage(format!("run {run} had no collector {word:?}"));
            let had = || {
                let names: Vec<String> = known()
                    .map(|task| format!("{}/{}", task.group, task.name))
                    .collect();
                format!("it had: {}", names.join(", "))
            };
            Err(failure.hint(near.map_or_else(had, |near| format!("did you mean {near}?"))))
        }
    }
}

fn known_task(task: &TaskState) -> KnownTask {
    let summary = &task.summary;
    KnownTask {
        group: summary.group.clone(),
        name: summary.name.clone(),
        command: summary.command.clone(),
    }
}

fn nothing(record: &RunRecord, part: &RetryPart) -> Failure {
    let run = &record.header.run;
    let narrowing = part.flags();
    let message = match narrowing.as_slice() {
        [] => format!("run {run} had no collector; there is nothing to retry"),
        ["--failed"] => format!("every collector of run {run} succeeded; there is nothing to retry"),
        flags => format!("{} leaves nothing of run {run} to retry", flags.join(" with ")),
    };
    Failure::usage(message).hint(format!(
        "orchestrate retry {run} without {} runs them all again",
        narrowing.join(" and ")
    ))
}

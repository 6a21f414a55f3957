//! A plan as the JSON contract of `plan` and `--dry-run` shows it: with the executables of
//! this machine. What is kept and what travels is `rundir::RunPlan`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::Plan;
use crate::process::{Launcher, NotFound};

/// What a run would do, as `plan --format json` and a dry run show it.
#[derive(Debug, Serialize)]
pub struct PlanView<'a> {
    /// The keyword of its selection.
    pub schedule: &'a str,
    /// That of the plan: `2026-11-23`.
    pub date: String,
    /// The keyword of what was known about releases.
    pub release: &'static str,
    /// What runs, in order.
    pub tasks: Vec<TaskView<'a>>,
}

/// One start of a program.
#[derive(Debug, Serialize)]
pub struct TaskView<'a> {
    /// As in the schedule.
    pub group: &'a str,
    /// Its name in the group.
    pub name: &'a str,
    /// Its collector.
    pub command: &'a str,
    /// Its arguments, as they are written.
    pub args: &'a [String],
    /// What it would be given, where that is something else. The id of the run is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filled_args: Option<Vec<String>>,
    /// The keyword of its cadence.
    pub schedule: &'static str,
    /// What would be executed; `None` if nothing is found.
    pub executable: Option<String>,
    /// Why it is due and yet would not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<String>,
}

impl<'a> PlanView<'a> {
    /// The plan with the executables that would be started `now`, and what is not found, once
    /// for each command.
    pub fn of(plan: &'a Plan, launcher: &Launcher, now: Timestamp) -> (Self, Vec<NotFound>) {
        let mut executables = BTreeMap::new();
        let mut missing = Vec::new();
        for planned in &plan.tasks {
            let command = planned.task.command.as_str();
            executables
                .entry(command)
                .or_insert_with(|| match launcher.resolve(command) {
                    Ok(found) => Some(found.display()),
                    Err(error) => {
                        missing.push(error);
                        None
                    }
                });
        }
        let tasks = plan
            .tasks
            .iter()
            .zip(plan.filled_arguments(now, None))
            .map(|(planned, filled)| {
                let task = &planned.task;
                TaskView {
                    group: task.group.as_str(),
                    name: task.name.as_str(),
                    command: task.command.as_str(),
                    args: &task.args,
                    filled_args: (filled != task.args).then_some(filled),
                    schedule: task.cadence.keyword(),
                    executable: executables.get(task.command.as_str()).cloned().flatten(),
                    skip: planned.skip.as_ref().map(ToString::to_string),
                }
            })
            .collect();
        let view = Self {
            schedule: &plan.selection,
            date: plan.date.to_string(),
            release: plan.release.keyword(),
            tasks,
        };
        (view, missing)
    }
}

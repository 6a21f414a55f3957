//! What an operator is told before he acts: sentences about what will happen. Pure.

use jiff::Timestamp;

use crate::cli::verbs::run::desk::plans::WishedPlan;
use crate::model::{Overlap, Schedule, WORKFLOW_GROUP, timetable};
use crate::store::{Pause, RunningTask};
use crate::text::counted;
use crate::web::{ActionPreview, PreviewedTask, Wish};

/// What goes on.
pub(super) struct Surroundings<'a> {
    pub(super) running: &'a [RunningTask],
    pub(super) pauses: &'a [Pause],
    /// Whether workers execute what is asked for.
    pub(super) to_queue: bool,
}

/// Of something that is run.
pub(super) fn of_run(wish: &Wish, wished: &WishedPlan, around: &Surroundings<'_>) -> ActionPreview {
    let tasks: Vec<PreviewedTask> = wished
        .plan
        .tasks
        .iter()
        .map(|planned| PreviewedTask {
            group: planned.task.group.to_string(),
            name: planned.task.name.to_string(),
            args: planned.task.args.clone(),
            skip: planned.skip.as_ref().map(ToString::to_string),
        })
        .collect();
    let waits = wished.plan.overlap_mode() != Overlap::Allow;
    let mut notes = vec![begins(wish, &tasks, around, waits)];
    notes.extend(paused(&tasks, around.pauses));
    if wished.plan.tasks.iter().any(|planned| !planned.task.enabled) {
        notes.push("It is disabled in the timetable; by hand it runs all the same.".to_owned());
    }
    if let Wish::Retry { run, .. } = wish {
        notes.push(format!(
            "It is a new run, with the arguments of then; run {run} stays as it is."
        ));
    }
    notes.push(
        "Records and state are taken as in any run, and whoever is told of failures is told.".to_owned(),
    );
    ActionPreview { tasks, notes }
}

fn begins(wish: &Wish, tasks: &[PreviewedTask], around: &Surroundings<'_>, waits: bool) -> String {
    // A collector that is run by itself waits for itself alone.
    let alone = matches!(wish, Wish::RunCollector { .. });
    let holds = |running: &&RunningTask| {
        tasks
            .iter()
            .any(|task| task.group == running.group && (!alone || task.name == running.name))
    };
    match (
        around.running.iter().filter(|_| waits).find(holds),
        around.to_queue,
    ) {
        (Some(running), _) => format!(
            "It begins when run {} has ended, in which {}/{} goes on.",
            running.run, running.group, running.name
        ),
        (None, true) => "It is given to the queue, and begins as soon as a worker takes it.".to_owned(),
        (None, false) => "It begins at once.".to_owned(),
    }
}

fn paused(tasks: &[PreviewedTask], pauses: &[Pause]) -> Option<String> {
    let task = tasks
        .iter()
        .find(|task| Pause::of(pauses, &task.group).is_some())?;
    Some(format!(
        "{} is paused for the timetable; by hand it runs all the same.",
        task.group
    ))
}

/// Of the end of a run that goes on: what runs now, and how many come after it.
pub(super) fn of_cancel(running: &[&RunningTask], left: usize) -> ActionPreview {
    let mut notes: Vec<String> = running
        .iter()
        .map(|task| {
            format!(
                "{}/{} is asked to end (SIGTERM), and killed where it does not within its grace, with all that it started.",
                task.group, task.name
            )
        })
        .collect();
    if left > 0 {
        notes.push(format!(
            "{} after it {} not run.",
            counted(left, "collector"),
            if left == 1 { "is" } else { "are" }
        ));
    }
    notes.push("What the others have brought stays. It can be run again from its page.".to_owned());
    ActionPreview {
        notes,
        ..ActionPreview::default()
    }
}

/// Of a run that waits.
pub(super) fn of_waiting() -> ActionPreview {
    ActionPreview {
        notes: vec!["It waits, and will not begin.".to_owned()],
        ..ActionPreview::default()
    }
}

/// Of a group that is not run by the timetable from now on, or is again.
pub(super) fn of_pause(schedule: &Schedule, group: &str, resumes: bool, now: Timestamp) -> ActionPreview {
    let next = timetable(schedule)
        .iter()
        .filter(|entry| match entry.group() {
            Some(of) => of.name.as_str() == group,
            None => group == WORKFLOW_GROUP && *entry.key() == crate::model::EntryKey::Workflow,
        })
        .filter_map(|entry| entry.next_due_after(now))
        .min()
        .map(|at| at.strftime("%a %-d %b %H:%M UTC").to_string());
    let notes = match (resumes, next) {
        (false, Some(next)) => vec![
            format!("The timetable passes over it until somebody resumes it; its next slot is {next}."),
            "What runs goes on. By hand it can be run all the same.".to_owned(),
        ],
        (false, None) => vec!["The timetable passes over it until somebody resumes it.".to_owned()],
        (true, Some(next)) => vec![format!(
            "It runs again from its next slot on: {next}. What was passed over is not made up for."
        )],
        (true, None) => vec!["It runs again from its next slot on.".to_owned()],
    };
    ActionPreview {
        notes,
        ..ActionPreview::default()
    }
}

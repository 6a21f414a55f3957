//! `plan`, and `run --dry-run`: what would run, in order. Nothing is started.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;

use anstyle::AnsiColor;
use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::args::selected::{planned, planned_range};
use crate::cli::args::selection::SelectionArgs;
use crate::cli::args::typed::typed_path_parser;
use crate::cli::shell::collectors::launcher;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::release_check::look_for_releases;
use crate::cli::shell::schedule::{load, load_file};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::unusable;
use crate::cli::shell::table::TextTable;
use crate::cli::verbs::run::unsettled::leave_out_settled;
use crate::execution::{PlanView, TaskView};
use crate::model::{Clock, DateRange, Plan, Release, Schedule, SystemClock, changes};
use crate::text::make_safe;

/// Show what a run would do, in order; nothing is started
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate plan --schedule default --group reporting --date 2026-02-28
  orchestrate plan --diff new-schedule.yaml")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Instead: what would change if this file were the schedule
    #[arg(long, value_name = "FILE", conflicts_with = "schedule", value_parser = typed_path_parser())]
    pub(crate) diff: Option<PathBuf>,
    /// Form of the plan
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Shows the plan that `run` with the same arguments would execute.
pub(crate) fn plan(global: &Global, args: &PlanArgs) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    if let Some(other) = &args.diff {
        return diff(&settings, other, args.format);
    }
    let schedule = load(&settings)?;
    if let Some(range) = args.selection.range()? {
        return show_range(&settings, &schedule, &args.selection, range, args.format);
    }
    let plan = planned(&settings, &schedule, &args.selection, look_for_releases)?;
    show(&settings, &plan, args.format)
}

/// Shows what a range of dates would run, every date of it; in JSON a plan is a line.
pub(crate) fn show_range(
    settings: &CliSettings,
    schedule: &Schedule,
    selection: &SelectionArgs,
    range: DateRange,
    format: Format,
) -> Result<VerbExit, Failure> {
    let plans = planned_range(settings, schedule, selection, range, look_for_releases)?;
    let now = SystemClock.now();
    let plans = match selection.again {
        true => plans,
        false => with_look(settings, async |look| {
            let mut left = plans.clone();
            for plan in &mut left {
                let left_out = leave_out_settled(&look.store, plan, now).await;
                if let Some(words) = left_out.map_err(unusable)?.words(now) {
                    print_words!("{}: {words}", plan.date);
                }
            }
            Ok(left)
        })?,
    };
    let mut said = BTreeSet::new();
    for plan in &plans {
        let view = view(settings, plan, &mut said);
        print_text(&match format {
            Format::Json => serde_json::to_string(&view).map_err(Failure::infrastructure)? + "\n",
            Format::Text => table(plan, &view),
        })?;
    }
    Ok(VerbExit::Success)
}

/// Shows what would change with another file, as a scheduler would tell it on reading it.
fn diff(settings: &CliSettings, other: &Path, format: Format) -> Result<VerbExit, Failure> {
    let before = load(settings)?;
    let after = load_file(settings, other)?;
    let changes = changes(&before, &after);
    match format {
        Format::Json => print_json(&changes)?,
        Format::Text if changes.is_empty() => print_text("Nothing differs.\n")?,
        Format::Text => {
            let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
            let safe: Vec<_> = lines.iter().map(|line| make_safe(line)).collect();
            print_text(&format!("{}\n", safe.join("\n")))?;
        }
    }
    Ok(VerbExit::Success)
}

/// Prints a plan. A collector that is not found is a warning here: the run would
/// go on without it.
pub(crate) fn show(settings: &CliSettings, plan: &Plan, format: Format) -> Result<VerbExit, Failure> {
    let view = view(settings, plan, &mut BTreeSet::new());
    match format {
        Format::Json => print_json(&view)?,
        Format::Text => print_text(&table(plan, &view))?,
    }
    Ok(VerbExit::Success)
}

/// The plan with the executables that would be started; says what is not found, once.
fn view<'a>(settings: &CliSettings, plan: &'a Plan, said: &mut BTreeSet<String>) -> PlanView<'a> {
    let (view, missing) = PlanView::of(plan, &launcher(settings), SystemClock.now());
    let yellow = AnsiColor::Yellow.on_default().bold();
    for missing in missing {
        let hint = missing.hint.map_or(String::new(), |hint| format!(" ({hint})"));
        let words = format!("{}{hint}", missing.message);
        if !said.contains(&words) {
            print_words!("{yellow}warning:{yellow:#} {}", make_safe(&words));
            said.insert(words);
        }
    }
    view
}

/// Says what of a plan that is about to run is not found.
pub(crate) fn warn_of_missing(settings: &CliSettings, plan: &Plan) {
    view(settings, plan, &mut BTreeSet::new());
}

/// As they are written, and what the collector is given.
fn arguments(task: &TaskView<'_>) -> String {
    let written = task.args.join(" ");
    match &task.filled_args {
        Some(filled) => format!("{written} -> {}", filled.join(" ")),
        None => written,
    }
}

fn table(plan: &Plan, view: &PlanView<'_>) -> String {
    let mut text = format!("Plan: {} for {}", plan.selection, plan.date);
    // Writing to a String cannot fail.
    let _ = match &plan.release {
        Release::NotChecked => writeln!(text),
        release => writeln!(text, ", release {}", release.keyword()),
    };
    if view.tasks.is_empty() {
        let _ = writeln!(text, "Nothing is due.");
        return text;
    }
    let mut table = TextTable::new(["", "Task", "Schedule", "Executable", "Arguments"]);
    for (task, number) in view.tasks.iter().zip(1..) {
        let executable = match (&task.skip, &task.executable) {
            (Some(skip), _) => format!("skipped: {skip}"),
            (None, Some(path)) => path.clone(),
            (None, None) => "not found".to_owned(),
        };
        table.row([
            number.to_string(),
            make_safe(&format!("{}/{}", task.group, task.name)).into_owned(),
            task.schedule.to_owned(),
            make_safe(&executable).into_owned(),
            make_safe(&arguments(task)).into_owned(),
        ]);
    }
    text.push_str(&table.text());
    text
}

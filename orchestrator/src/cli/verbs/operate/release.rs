//! `release`: detection by hand, and what has been done about what was found.

use std::fmt::Write;
use std::sync::Arc;

use comfy_table::{Table, presets};
use serde::Serialize;

use crate::cli::args::release::{ReleaseCheckArgs, ReleaseListArgs, ReleaseMarkArgs, ReleaseVerb};
use crate::cli::command_line::{Format, Global};
use crate::cli::shell::executor::executor;
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::{open_store, runtime, with_store};
use crate::cli::verbs::run::run::Job;
use crate::model::{
    Clock, Day, GroupName, Handled, Query, Release, Schedule, Selection, SystemClock, Task, plan,
};
use crate::store::KnownRelease;
use crate::text::make_safe;

/// The verb.
pub(crate) fn release(global: &Global, verb: &ReleaseVerb) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    match verb {
        ReleaseVerb::Check(args) => check(global, &settings, args),
        ReleaseVerb::List(args) => list(&settings, args),
        ReleaseVerb::Mark(args) => mark(&settings, args),
    }
}

/// Whether there is a release. Never a failure: a run or a plan goes on without.
pub(crate) fn find_out(settings: &Settings, schedule: &Schedule) -> Release {
    let found = runtime().and_then(|runtime| {
        runtime.block_on(async {
            let store = open_store(settings).await?;
            let executor = executor(settings, store, Arc::new(SystemClock))?;
            let answer = executor.check_releases(&schedule.release).await;
            executor.close().await;
            Ok(answer)
        })
    });
    found.unwrap_or_else(|failure| Release::Unknown(failure.words().0))
}

/// The answer of `release check`.
#[derive(Serialize)]
struct Found {
    release: &'static str,
    reason: Option<String>,
    tasks: Vec<Waiting>,
}

/// A task and the releases that it has not dealt with.
#[derive(Serialize)]
struct Waiting {
    group: String,
    command: String,
    releases: Vec<String>,
}

fn check(global: &Global, settings: &Settings, args: &ReleaseCheckArgs) -> Result<Exit, Failure> {
    let schedule = load(settings)?;
    let query = Query {
        selection: Selection::OnRelease,
        group: args.group.as_deref().map(GroupName::new),
        day: Day::At(SystemClock.now()),
    };
    // What is asked for is judged before anybody is asked anything.
    plan(&schedule, &query, Release::NotChecked).map_err(Failure::usage)?;
    let answer = find_out(settings, &schedule);
    if let Release::Unknown(reason) = &answer {
        if args.execution.format == Format::Json {
            print_json(&Found {
                release: answer.keyword(),
                reason: Some(reason.clone()),
                tasks: Vec::new(),
            })?;
        }
        return Err(Failure::infrastructure(anyhow::anyhow!(
            "nobody can tell: {reason}"
        )));
    }
    let plan = plan(&schedule, &query, answer).map_err(Failure::usage)?;
    if args.run && plan.release == Release::New {
        let mut job = Job::by_hand(plan, "on_release".to_owned(), args.stop_on_failure);
        return job.run(global, settings, &args.execution);
    }
    let found = Found {
        release: plan.release.keyword(),
        reason: None,
        tasks: plan
            .tasks
            .into_iter()
            .map(|planned| Waiting {
                group: planned.task.group.to_string(),
                command: planned.task.command.to_string(),
                releases: planned.releases,
            })
            .collect(),
    };
    match args.execution.format {
        Format::Json => print_json(&found)?,
        Format::Text => print_text(&found_words(&found, schedule.release_tasks().next().is_none()))?,
    }
    Ok(Exit::Success)
}

fn found_words(found: &Found, nobody_waits: bool) -> String {
    if found.tasks.is_empty() {
        let reason = if nobody_waits {
            "no enabled task of the schedule waits for releases"
        } else {
            "every task has dealt with every release"
        };
        return format!("Nothing new: {reason}.\n");
    }
    let mut text = String::from("New:\n");
    for task in &found.tasks {
        let (command, releases) = (make_safe(&task.command), shortened(&task.releases));
        let _ = writeln!(
            text,
            "  {}/{command} waits for {releases}",
            make_safe(&task.group)
        );
    }
    text
}

/// The newest few of a long list.
fn shortened(releases: &[String]) -> String {
    const SHOWN: usize = 5;
    let newest = &releases[releases.len().saturating_sub(SHOWN)..];
    let newest_words = newest.join(", ");
    let shown = make_safe(&newest_words);
    match releases.len() - newest.len() {
        0 => shown.into_owned(),
        more => format!("{more} older ones, {shown}"),
    }
}

fn list(settings: &Settings, args: &ReleaseListArgs) -> Result<Exit, Failure> {
    let known = with_store(settings, async |store| {
        store.known_releases().await.map_err(Failure::infrastructure)
    })?;
    match args.format {
        Format::Json => print_json(&known)?,
        Format::Text if known.is_empty() => print_text("No release was ever found.\n")?,
        Format::Text => print_text(&table(&known))?,
    }
    Ok(Exit::Success)
}

fn table(known: &[KnownRelease]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["Release", "First seen", "Dealt with by"]);
    for release in known {
        let by: Vec<String> = release
            .handled
            .iter()
            .map(|by| {
                let how = by.run.as_ref().map_or("by hand".to_owned(), ToString::to_string);
                format!("{}/{} ({how})", make_safe(&by.group), make_safe(&by.command))
            })
            .collect();
        table.add_row([
            make_safe(&release.tag).into_owned(),
            format!("{:.0}", release.first_seen_at),
            if by.is_empty() {
                "nobody".to_owned()
            } else {
                by.join(", ")
            },
        ]);
    }
    format!("{table}\n")
}

fn mark(settings: &Settings, args: &ReleaseMarkArgs) -> Result<Exit, Failure> {
    let schedule = load(settings)?;
    let meant = |task: &&Task| {
        let group = args
            .group
            .as_ref()
            .is_none_or(|group| task.group.as_str() == group);
        let command = args
            .command
            .as_ref()
            .is_none_or(|command| task.command.as_str() == command);
        group && command
    };
    let tasks: Vec<&Task> = schedule.release_tasks().filter(meant).collect();
    if tasks.is_empty() {
        let error = Failure::usage("no such enabled task waits for releases");
        return Err(error.hint("orchestrate release check shows those that do"));
    }
    let changed = with_store(settings, async |store| {
        let known = store.known_releases().await.map_err(Failure::infrastructure)?;
        let known: Vec<String> = known.into_iter().map(|release| release.tag).collect();
        let tags = if args.all { &known } else { &args.tags };
        if let Some(strange) = tags.iter().find(|tag| !known.contains(tag)) {
            let error = Failure::usage(format!("release {strange:?} was never found"));
            return Err(error.hint("orchestrate release check looks for releases, release list shows them"));
        }
        let mut changed = 0;
        for (tag, task) in tags
            .iter()
            .flat_map(|tag| tasks.iter().map(move |task| (tag, task)))
        {
            let what = Handled {
                tag: tag.clone(),
                group: task.group.clone(),
                command: task.command.clone(),
            };
            let news = store.mark_release(&what, !args.pending, SystemClock.now()).await;
            changed += usize::from(news.map_err(Failure::infrastructure)?);
        }
        Ok(changed)
    })?;
    let now = if args.pending { "pending" } else { "dealt with" };
    let ending = if changed == 1 { "" } else { "s" };
    print_text(&format!("{changed} mark{ending} changed to {now}.\n"))?;
    Ok(Exit::Success)
}

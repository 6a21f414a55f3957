//! `why`: one paragraph of facts about a collector: its rule, its last slot, what
//! became of it and why, and when it is due next.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::cli::command_line::{Format, Global, WhyArgs};
use crate::cli::shell::exit::Exit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::schedule::load;
use crate::cli::shell::settings::Settings;
use crate::cli::shell::store::{unusable, with_store};
use crate::cli::verbs::look::why_words::words;
use crate::model::{
    Cadence, Clock, Entry, Group, Schedule, SystemClock, Task, WORKFLOW_GROUP, timetable, weekday_name,
};
use crate::store::{LastOutcome, LedgerRow, Pause, Store};
use crate::text::make_safe;

/// What is known of a collector in a group.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Facts {
    pub(crate) group: String,
    pub(crate) command: String,
    pub(crate) args: Vec<String>,
    /// Whether the schedule has it, and whether it is enabled there.
    pub(crate) scheduled: bool,
    pub(crate) enabled: bool,
    /// When it is due, in words.
    pub(crate) rule: Option<String>,
    /// Its newest slot that has passed.
    pub(crate) previous: Option<Timestamp>,
    /// Its next slot.
    pub(crate) next: Option<Timestamp>,
    /// Its newest run.
    pub(crate) last: Option<LastOutcome>,
    /// What the ledger says of that slot.
    pub(crate) ledger: Option<LedgerRow>,
    /// Since when its group is paused.
    pub(crate) paused_since: Option<Timestamp>,
}

/// A paragraph and what it is made of.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    facts: &'a Facts,
    text: String,
}

/// Answers for every group that has the collector.
pub(crate) fn why(global: &Global, args: &WhyArgs) -> Result<Exit, Failure> {
    let settings = Settings::resolve(global)?;
    let schedule = load(&settings)?;
    let now = SystemClock.now();
    let mut all = scheduled(&schedule, args, now);
    with_store(&settings, async |store| {
        if all.is_empty() {
            all = unscheduled(store, args).await?;
        }
        for facts in &mut all {
            recall(store, facts).await?;
        }
        Ok(())
    })?;
    if all.is_empty() {
        return Err(unknown(&schedule, args));
    }
    let answers: Vec<Answer<'_>> = all
        .iter()
        .map(|facts| Answer {
            facts,
            text: words(facts, now),
        })
        .collect();
    match args.format {
        Format::Json => print_json(&answers)?,
        Format::Text => {
            let texts: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
            print_text(&format!("{}\n", safe_paragraphs(&texts)))?;
        }
    }
    Ok(Exit::Success)
}

fn safe_paragraphs(texts: &[&str]) -> String {
    let safe: Vec<_> = texts.iter().map(|text| make_safe(text)).collect();
    safe.join("\n\n")
}

/// What the schedule says.
fn scheduled(schedule: &Schedule, args: &WhyArgs, now: Timestamp) -> Vec<Facts> {
    let timetable = timetable(schedule);
    let grouped = schedule
        .groups
        .iter()
        .flat_map(|group| group.tasks.iter().map(move |task| (Some(group), task)));
    let fixed = schedule
        .workflow
        .iter()
        .flat_map(|workflow| workflow.tasks.iter().map(|task| (None, task)));
    grouped
        .chain(fixed)
        .filter(|(_, task)| task.command.as_str() == args.command)
        .filter(|(_, task)| {
            args.group
                .as_ref()
                .is_none_or(|group| *group == task.group.as_str())
        })
        .map(|(group, task)| {
            let entry = timetable.iter().find(|entry| has(entry, task));
            Facts {
                group: task.group.to_string(),
                command: task.command.to_string(),
                args: task.args.clone(),
                scheduled: true,
                enabled: task.enabled,
                rule: Some(rule(schedule, group, task)),
                previous: entry.and_then(|entry| previous(entry, task, now)),
                next: entry.and_then(|entry| next(entry, task, now)),
                last: None,
                ledger: None,
                paused_since: None,
            }
        })
        .collect()
}

fn has(entry: &Entry<'_>, task: &Task) -> bool {
    entry.tasks().iter().any(|other| std::ptr::eq(*other, task))
}

/// When it is due, in words.
fn rule(schedule: &Schedule, group: Option<&Group>, task: &Task) -> String {
    let Some(group) = group else {
        let at = schedule
            .workflow
            .as_ref()
            .and_then(|workflow| workflow.default_time);
        return match at {
            Some(at) => format!(
                "is part of the fixed list, every day at {} UTC",
                at.strftime("%H:%M")
            ),
            None => "is part of the fixed list, which runs only by hand (run-all)".to_owned(),
        };
    };
    let at = format!(
        "{} {}",
        group.default_time.strftime("%H:%M"),
        group.timezone.iana_name().unwrap_or("UTC")
    );
    match task.cadence {
        Cadence::Daily => format!("is due every day at {at}"),
        Cadence::Weekly(day) => format!("is due every {} at {at}", capitalised(weekday_name(day))),
        Cadence::Monthly(day) => format!(
            "is due on day {} of each month, or its last day, at {at}",
            day.get()
        ),
        Cadence::Interval(minutes) => format!("is due every {} minutes", minutes.get()),
        Cadence::OnRelease => {
            let poll = schedule.release.poll.map(|every| {
                format!(
                    ", which is also looked for every {}",
                    humantime::format_duration(every)
                )
            });
            format!(
                "is due every day at {at} if there is a new release{}",
                poll.unwrap_or_default()
            )
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// More slots than pass between two on which a task is due: a month and some days.
const SLOTS: usize = 64;

/// Its first slot after `now`.
fn next(entry: &Entry<'_>, task: &Task, now: Timestamp) -> Option<Timestamp> {
    slots(entry, now)
        .take(SLOTS)
        .find(|&slot| is_due(entry, task, slot))
}

/// Its last slot up to `now`.
fn previous(entry: &Entry<'_>, task: &Task, now: Timestamp) -> Option<Timestamp> {
    let back = match task.cadence {
        Cadence::Interval(minutes) => SignedDuration::from_mins(i64::from(minutes.get())),
        _ => SignedDuration::from_hours(24 * 33),
    };
    slots(entry, now.checked_sub(back).ok()?)
        .take_while(|&slot| slot <= now)
        .filter(|&slot| is_due(entry, task, slot))
        .last()
}

fn slots(entry: &Entry<'_>, after: Timestamp) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(entry.next_due_after(after), |&slot| entry.next_due_after(slot))
}

fn is_due(entry: &Entry<'_>, task: &Task, slot: Timestamp) -> bool {
    entry.due(slot).iter().any(|due| std::ptr::eq(*due, task))
}

/// A collector that the schedule does not have, but the record has.
async fn unscheduled(store: &Store, args: &WhyArgs) -> Result<Vec<Facts>, Failure> {
    let groups = store.groups_of(&args.command).await.map_err(unusable)?;
    Ok(groups
        .into_iter()
        .filter(|group| args.group.as_ref().is_none_or(|wanted| wanted == group))
        .map(|group| Facts {
            group,
            command: args.command.clone(),
            args: Vec::new(),
            scheduled: false,
            enabled: false,
            rule: None,
            previous: None,
            next: None,
            last: None,
            ledger: None,
            paused_since: None,
        })
        .collect())
}

/// How far back the record is asked.
const RECENT: u32 = 20;

/// What the record says.
async fn recall(store: &Store, facts: &mut Facts) -> Result<(), Failure> {
    let mut last = store
        .last_outcomes(&facts.group, &facts.command, RECENT)
        .await
        .map_err(unusable)?;
    // A group may name a collector more than once, with other arguments.
    let same = last.iter().position(|last| last.args == facts.args).unwrap_or(0);
    facts.last = (same < last.len()).then(|| last.swap_remove(same));
    if let Some(slot) = facts.previous {
        let rows = store.ledger_at(&facts.command, slot).await.map_err(unusable)?;
        // A look for releases may have been made at the same moment: it is not the last word.
        let own = |row: &LedgerRow| row.group == facts.group && !row.entry.starts_with("release:");
        facts.ledger = rows.into_iter().find(own);
    }
    let pauses = store.pauses().await.map_err(unusable)?;
    facts.paused_since = Pause::of(&pauses, &facts.group);
    Ok(())
}

/// Nobody knows the name: the nearest that somebody does.
fn unknown(schedule: &Schedule, args: &WhyArgs) -> Failure {
    let mut names: Vec<(usize, &str)> = schedule
        .tasks()
        .map(|task| task.command.as_str())
        .map(|name| (strsim::damerau_levenshtein(&args.command, name), name))
        .collect();
    names.sort_unstable();
    names.dedup();
    let nearest: Vec<&str> = names.iter().take(3).map(|(_, name)| *name).collect();
    let place = match args.group.as_deref() {
        Some(WORKFLOW_GROUP) => "the fixed list".to_owned(),
        Some(group) => format!("group {group:?}"),
        None => "the schedule".to_owned(),
    };
    let failure = Failure::usage(format!(
        "there is no collector {:?} in {place}, and no run of it is recorded",
        args.command
    ));
    if nearest.is_empty() {
        failure
    } else {
        failure.hint(format!("the nearest names are {}", nearest.join(", ")))
    }
}

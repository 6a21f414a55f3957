//! The list of runs: a day after another, each run a row; runs of intervals that were all well are
//! one row, so that a night is a screen.

use jiff::Timestamp;

use crate::events::RecordCounts;
use crate::model::{RunId, TaskStatus};
use crate::queries::run_list::ListedRun;
use crate::store::ListedRunTask;
use crate::text::counted;
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::moment::ShownMoment;
use crate::web::views::numbers::{brought, took};
use crate::web::views::run::facts::{look, title};

/// More squares than this in a row are counted instead.
const SQUARES: usize = 24;

/// The distance from one square to the next.
const STEP: usize = 23;

/// A day of runs.
#[derive(Debug)]
pub(crate) struct RunDay {
    pub(crate) name: String,
    pub(crate) rows: Vec<ListedRunRow>,
}

/// A run, or several that were all well.
#[derive(Debug)]
pub(crate) struct ListedRunRow {
    pub(crate) look: OutcomeLook,
    pub(crate) share: String,
    pub(crate) began: String,
    pub(crate) title: String,
    pub(crate) href: Option<String>,
    /// Each with the place where it lies.
    pub(crate) squares: Vec<(OutcomeLook, usize)>,
    pub(crate) width: usize,
    /// The same in words.
    pub(crate) squares_said: String,
    pub(crate) what: String,
    pub(crate) fine: bool,
    pub(crate) took: String,
    pub(crate) brought: String,
    pub(crate) by: &'static str,
    pub(crate) id: String,
    /// How many runs it stands for, where it stands for more than one.
    pub(crate) folded: Option<usize>,
}

/// The days of these runs, newest first. Without `unfold` runs of intervals fold.
pub(crate) fn days(runs: &[ListedRun], unfold: bool, now: Timestamp) -> Vec<RunDay> {
    let mut days: Vec<RunDay> = Vec::new();
    // Of the newest day, by title: the row into which the next run of it folds.
    let mut open: Vec<(String, usize)> = Vec::new();
    for run in runs {
        let began = ShownMoment::new(run.past.header.started_at, now);
        if days.last().is_none_or(|day| day.name != began.day) {
            open.clear();
            days.push(RunDay {
                name: began.day.clone(),
                rows: Vec::new(),
            });
        }
        let Some(day) = days.last_mut() else { continue };
        let row = row(run, &began, now);
        let folds = !unfold && row.look.key == "succeeded" && run.past.header.schedule == "interval";
        let into = open.iter().position(|(title, _)| *title == row.title);
        match into.filter(|_| folds) {
            Some(place) => {
                if let Some(first) = day.rows.get_mut(open[place].1) {
                    fold(first, &began.clock);
                }
            }
            None => {
                // One that is not well ends the fold of its title.
                open.retain(|(title, _)| *title != row.title);
                if folds {
                    open.push((row.title.clone(), day.rows.len()));
                }
                day.rows.push(row);
            }
        }
    }
    days
}

fn fold(first: &mut ListedRunRow, began: &str) {
    let count = first.folded.unwrap_or(1) + 1;
    let newest = match first.folded {
        Some(_) => first.began.rsplit('-').next().unwrap_or_default().to_owned(),
        None => first.began.chars().take(5).collect(),
    };
    first.began = format!("{began}-{newest}");
    first.folded = Some(count);
    first.share = format!("{count} of {count}");
    first.what = format!("{}, all well", counted(count, "run"));
    first.squares.clear();
    first.id.clear();
    first.took.clear();
    first.brought.clear();
}

fn row(run: &ListedRun, began: &ShownMoment, now: Timestamp) -> ListedRunRow {
    let header = &run.past.header;
    let words: Vec<&str> = run.tasks.iter().map(word).collect();
    let names: Vec<(&str, &str)> = run
        .tasks
        .iter()
        .map(|task| (task.group.as_str(), task.name.as_str()))
        .collect();
    let look = look(header, &words);
    let well = words.iter().filter(|word| **word == "succeeded").count();
    let squares: Vec<(OutcomeLook, usize)> = words
        .iter()
        .take(SQUARES)
        .enumerate()
        .map(|(place, word)| (OutcomeLook::of(word), place * STEP))
        .collect();
    let end = header.finished_at.unwrap_or(now);
    let duration = end.duration_since(header.started_at).as_millis();
    let (what, fine) = what(run, &words);
    ListedRunRow {
        look,
        share: format!("{well} of {}", words.len()),
        began: began.seconds.clone(),
        title: title(header, run.slot.as_ref(), &names),
        href: links::run(&header.run),
        width: (squares.len() * STEP).max(STEP),
        squares_said: said(&words),
        squares,
        what,
        fine,
        took: took(u64::try_from(duration).unwrap_or_default()),
        brought: brought(sum(&run.tasks)),
        by: match run.slot {
            Some(_) => "timetable",
            None => "hand",
        },
        id: short_id(&header.run),
        folded: None,
    }
}

fn word(task: &ListedRunTask) -> &'static str {
    match task.suspect {
        Some(_) => "suspect",
        None => task.status.as_str(),
    }
}

/// Its second half: the first says the day, under which it stands.
fn short_id(run: &RunId) -> String {
    let id = run.as_str();
    id.split_once('-').map_or(id, |(_, rest)| rest).to_owned()
}

fn said(words: &[&str]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for word in words {
        match counts.iter_mut().find(|(other, _)| other == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    let parts: Vec<String> = counts
        .into_iter()
        .map(|(word, count)| format!("{count} {}", OutcomeLook::of(word).word))
        .collect();
    parts.join(", ")
}

/// What happened, in a line, and whether that is what one expects.
fn what(run: &ListedRun, words: &[&str]) -> (String, bool) {
    if let Some(lost) = &run.past.header.lost {
        return (lost.clone(), false);
    }
    let running = run.tasks.iter().find(|task| task.status == TaskStatus::Running);
    let bad = run.tasks.iter().find(|task| OutcomeLook::of(word(task)).is_bad());
    match (bad, running) {
        (Some(task), _) => {
            let why = task.suspect.as_ref().unwrap_or(&task.reason);
            (format!("{}: {why}", task.name), false)
        }
        (None, Some(task)) => (format!("{} runs", task.name), false),
        (None, None) => match run.tasks.iter().find(|task| task.status == TaskStatus::Skipped) {
            Some(task) => (format!("{}: {}", task.name, task.reason), false),
            None if words.is_empty() => ("nothing was due".to_owned(), true),
            None => ("all succeeded".to_owned(), true),
        },
    }
}

fn sum(tasks: &[ListedRunTask]) -> RecordCounts {
    let counts = tasks.iter().filter_map(|task| task.records);
    counts.fold(RecordCounts::default(), |sum, counts| RecordCounts {
        new: sum.new + counts.new,
        changed: sum.changed + counts.changed,
        unchanged: sum.unchanged + counts.unchanged,
    })
}

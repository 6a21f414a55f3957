//! Whether the machinery itself is well: scheduler, database, timetable.

use jiff::Timestamp;

use crate::events::SchedulerStatus;
use crate::web::views::look::OutcomeLook;
use crate::web::views::moment::ShownMoment;

/// One part of the machinery.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) look: OutcomeLook,
    /// For who cannot see the look.
    pub(crate) state: &'static str,
    pub(crate) name: &'static str,
    pub(crate) words: String,
}

/// All of them.
pub(crate) fn parts(standing: &SchedulerStatus, database: String, now: Timestamp) -> Vec<Part> {
    let loaded = ShownMoment::new(standing.loaded_at, now).short;
    let scheduler = match (standing.leading, standing.ticked_at) {
        (true, Some(at)) => format!("leading, looked {}", ShownMoment::new(at, now).relative),
        (true, None) => "leading".to_owned(),
        (false, _) => "stands by: another one leads".to_owned(),
    };
    let mut parts = vec![
        part("Scheduler", Ok(scheduler)),
        part(
            "Database",
            match &standing.database_error {
                None => Ok(database),
                Some(error) => Err(error.clone()),
            },
        ),
        part(
            "Timetable",
            match &standing.schedule_error {
                None => Ok(format!("of {loaded}")),
                Some(_) => Err(format!("of {loaded}; the file cannot be used as it is now")),
            },
        ),
    ];
    if let Some(error) = &standing.release_error {
        parts.push(part("Releases", Err(error.clone())));
    }
    for work in &standing.side_work {
        if let Some(error) = &work.error {
            parts.push(part(work.name, Err(error.clone())));
        }
    }
    parts
}

fn part(name: &'static str, words: Result<String, String>) -> Part {
    let (key, state) = match &words {
        Ok(_) => ("succeeded", "well"),
        Err(_) => ("suspect", "attention"),
    };
    Part {
        look: OutcomeLook::of(key),
        state,
        name,
        words: words.unwrap_or_else(|error| error),
    }
}

//! What is said of a log beside its lines. Pure.

use crate::model::TaskStatus;
use crate::queries::logs::LogHole;
use crate::store::TaskState;
use crate::web::views::home::attention::sentence;

/// What is not shown of a log whose file is on another machine.
pub(crate) fn missing(task: &TaskState, holes: &[LogHole]) -> Option<String> {
    let words: Vec<String> = holes.iter().map(ToString::to_string).collect();
    let file = task.summary.log.as_deref().unwrap_or_default();
    (!words.is_empty()).then(|| sentence(&format!("{}; its worker has {file}", words.join("; "))))
}

/// Why a search leads nowhere.
pub(crate) fn nothing_found(what: &str) -> String {
    match what {
        "stderr" => "There is no line of stderr after this place.".to_owned(),
        "previous" => "It is nowhere before this place.".to_owned(),
        _ => "It is nowhere after this place.".to_owned(),
    }
}

/// Why there is no log.
pub(crate) fn never_started(task: &TaskState) -> String {
    match task.summary.outcome {
        TaskStatus::Pending => "It waits for its turn, and has written nothing yet.".to_owned(),
        _ if task.attempt_list.is_empty() => {
            format!("It was never started: {}", sentence(&task.summary.reason))
        }
        _ => format!(
            "There was no such try; it was tried {} times.",
            task.attempt_list.len()
        ),
    }
}

//! What needs somebody: the newest state of each collector that is not well, with its cause.

use jiff::Timestamp;

use crate::queries::status::{NightLine, NightState, StatusAnswer};
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::moment::ShownMoment;

/// As many are listed; then it says how many more there are.
const LISTED: usize = 20;

/// A collector that needs a look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AttentionRow {
    pub(crate) look: OutcomeLook,
    pub(crate) who: String,
    pub(crate) href: String,
    pub(crate) since: String,
    pub(crate) why: String,
    /// What to type, where that is more than to look at the log.
    pub(crate) command: Option<String>,
    pub(crate) run: Option<String>,
    /// Where it is run again: what its run did not do, or, where none was begun, itself.
    pub(crate) again: Option<String>,
}

/// Those of the night, and how many more there are. What befell several of a group alike is told
/// once.
pub(crate) fn alarms(status: &StatusAnswer, now: Timestamp) -> (Vec<AttentionRow>, usize) {
    let mut alike: Vec<Vec<&NightLine>> = Vec::new();
    for line in status.tasks.iter().filter(|line| line.attention) {
        match alike.iter_mut().find(|others| is_alike(others[0], line)) {
            Some(others) => others.push(line),
            None => alike.push(vec![line]),
        }
    }
    let listed = alike.iter().take(LISTED).map(|lines| alarm(lines, now)).collect();
    let more = alike.iter().skip(LISTED).map(Vec::len).sum();
    (listed, more)
}

/// Whether two share their group, their end and its cause, so that one sentence is true of both.
fn is_alike(one: &NightLine, other: &NightLine) -> bool {
    one.group == other.group
        && one.word() == other.word()
        && one.cause == other.cause
        && one.slot == other.slot
        && matches!(
            one.state,
            NightState::Missed | NightState::Skipped | NightState::Unknown
        )
}

fn alarm(lines: &[&NightLine], now: Timestamp) -> AttentionRow {
    let line = lines[0];
    let alone = lines.len() == 1;
    let command = line.command_line.clone();
    AttentionRow {
        look: OutcomeLook::of(line.word()),
        who: match lines {
            [line] => format!("{}/{}", line.group, line.name),
            lines => format!("{}, {} collectors", line.group, lines.len()),
        },
        href: match alone {
            true => links::collector(&line.group, &line.name),
            false => links::with_query("/runs", &[("group", Some(&line.group))]),
        },
        since: since(line, now),
        why: match alone {
            true => why(line, now),
            false => sentence(line.cause.as_deref().unwrap_or(NO_CAUSE)),
        },
        // The log is a click away, and a reason is what this page gives.
        command: command.filter(|command| {
            let looks = ["orchestrate logs ", "orchestrate why "];
            alone && !looks.iter().any(|look| command.starts_with(look))
        }),
        run: line.run.as_ref().and_then(links::run),
        again: match &line.run {
            Some(run) => links::run_action(run, "retry"),
            None if alone => Some(links::collector_action(&line.group, &line.name, "run")),
            None => None,
        },
    }
}

const NO_CAUSE: &str = "no cause is recorded";

/// How long it has been so, in a few words.
fn since(line: &NightLine, now: Timestamp) -> String {
    if line.failed_in_row > 1 {
        return format!("{} times in a row", line.failed_in_row);
    }
    if line.slots > 1 && line.failed_slots > 0 {
        return format!("{} of {} slots", line.failed_slots, line.slots);
    }
    let at = line.started_at.or(line.slot);
    at.map_or_else(String::new, |at| ShownMoment::new(at, now).short)
}

/// The cause, how often, and since when it was well.
fn why(line: &NightLine, now: Timestamp) -> String {
    let mut words = sentence(line.cause.as_deref().unwrap_or(NO_CAUSE));
    if line.failed_in_row > 1
        && let Some(first) = line.failing_since
    {
        words.push_str(&format!(" Failing since {}.", ShownMoment::new(first, now).short));
    }
    match line.last_success {
        Some(at) if line.suspect.is_none() => {
            words.push_str(&format!(" Last good {}.", ShownMoment::new(at, now).short));
        }
        None if line.state == NightState::Ran && line.suspect.is_none() => {
            words.push_str(" It never succeeded yet.");
        }
        _ => {}
    }
    if line.state == NightState::Missed
        && let Some(next) = line.next
    {
        words.push_str(&format!(" Next {}.", ShownMoment::new(next, now).short));
    }
    words
}

/// A cause as a sentence: it begins with a capital, where it begins with a word of ours, and ends
/// with a stop.
pub(crate) fn sentence(cause: &str) -> String {
    let cause = cause.trim();
    let mut letters = cause.chars();
    let first_word = cause.split(' ').next().unwrap_or_default();
    let is_word = first_word
        .trim_end_matches([',', ':'])
        .bytes()
        .all(|byte| byte.is_ascii_lowercase());
    let mut said = match letters.next() {
        Some(first) if is_word => first.to_uppercase().chain(letters).collect(),
        _ => cause.to_owned(),
    };
    if !said.ends_with(['.', '!', '?', '\u{2026}']) {
        said.push('.');
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_a_sentence() {
        for (cause, said) in [
            ("exited with code 3: boom", "Exited with code 3: boom."),
            ("run_x cannot be executed", "run_x cannot be executed."),
            ("succeeded, but", "Succeeded, but."),
            ("  it ended. ", "It ended."),
            ("", "."),
        ] {
            assert_eq!(sentence(cause), said);
        }
    }
}

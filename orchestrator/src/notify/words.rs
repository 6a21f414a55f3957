//! What a single notice says. Pure. Reasons and lines of output are untrusted: no form gives
//! them a meaning.

use serde_json::{Value, json};

use crate::model::NoticeKind;
use crate::store::Notice;
use crate::text::{make_safe, shell_word};

/// So many of the last lines of output are told, each cut after so many characters.
const LINES: usize = 10;
const LINE: usize = 200;

/// A reason or a hint is cut after so many.
const REASON: usize = 400;

/// A text that cannot do anything, and is not endless.
pub(super) fn tame(text: &str, most: usize) -> String {
    let safe = make_safe(text);
    match safe.char_indices().nth(most) {
        Some((end, _)) => format!("{}\u{2026}", &safe[..end]),
        None => safe.into_owned(),
    }
}

/// The last lines of output.
pub(super) fn tail(notice: &Notice) -> Vec<String> {
    let first = notice.tail.len().saturating_sub(LINES);
    notice.tail[first..].iter().map(|line| tame(line, LINE)).collect()
}

/// What to do about it, where we know.
pub(super) fn hint(notice: &Notice) -> Option<String> {
    notice.hint.as_ref().map(|hint| tame(hint, REASON))
}

/// The command to type next, one line to copy.
pub(super) fn next(notice: &Notice) -> String {
    let (group, name) = (shell_word(&notice.group), shell_word(&notice.name));
    let command = match (notice.kind, &notice.run) {
        (NoticeKind::Missed, _) => format!("orchestrate run-one {name} --group {group}"),
        (NoticeKind::ReleaseUnknown, _) => "orchestrate release check".to_owned(),
        (NoticeKind::Failure, _)
            if notice
                .hint
                .as_deref()
                .is_some_and(|hint| hint.starts_with("chmod ")) =>
        {
            notice.hint.clone().unwrap_or_default()
        }
        (NoticeKind::Failure | NoticeKind::Long, Some(run)) => {
            format!("orchestrate logs {run} {name} --group {group}")
        }
        (NoticeKind::Suspect | NoticeKind::Recovery, Some(run)) => format!("orchestrate show {run}"),
        (NoticeKind::Late, _) | (_, None) => format!("orchestrate why {name} --group {group}"),
    };
    tame(&command, REASON + 2 * LINE)
}

/// One line that says it all.
pub(super) fn line(notice: &Notice, host: &str) -> String {
    let task = format!("{}/{}", make_safe(&notice.group), make_safe(&notice.name));
    let reason = tame(&notice.reason, REASON);
    let run = notice
        .run
        .as_ref()
        .map(|run| format!(" (run {run})"))
        .unwrap_or_default();
    let times = notice.in_a_row;
    let said = match notice.kind {
        NoticeKind::Failure if times > 1 => format!("{task} failed {times} times in a row: {reason}"),
        NoticeKind::Failure => format!("{task} failed: {reason}"),
        NoticeKind::Suspect if times > 1 => format!("{task} is suspect {times} times in a row: {reason}"),
        NoticeKind::Suspect => format!("{task} is suspect: {reason}"),
        NoticeKind::Recovery if times > 1 => format!("{task} is well again, after {times} bad ends in a row"),
        NoticeKind::Recovery => format!("{task} is well again"),
        NoticeKind::Late if times > 1 => format!("{task} was late {times} times in a row: {reason}"),
        NoticeKind::Late => format!("{task} was late: {reason}"),
        NoticeKind::Missed => format!("{task} was missed: {reason}"),
        NoticeKind::ReleaseUnknown if times > 1 => {
            format!("{task} was skipped {times} times in a row: {reason}")
        }
        NoticeKind::ReleaseUnknown => format!("{task} was skipped: {reason}"),
        NoticeKind::Long => format!("{task} is unusually long: {reason}"),
    };
    format!("{said}{run} on {}", make_safe(host))
}

/// Our own form.
pub(super) fn json(notice: &Notice, host: &str) -> Value {
    json!({
        "kind": notice.kind,
        "group": notice.group,
        "name": notice.name,
        "command": notice.command,
        "run": notice.run,
        "at": notice.at,
        "reason": tame(&notice.reason, REASON),
        "in_a_row": notice.in_a_row,
        "host": make_safe(host),
        "text": line(notice, host),
        "tail": tail(notice),
        "hint": hint(notice),
        "next": next(notice),
    })
}

/// The sign of its kind in Slack.
pub(super) fn sign(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Recovery => ":large_green_circle:",
        NoticeKind::Suspect | NoticeKind::Late | NoticeKind::ReleaseUnknown | NoticeKind::Long => {
            ":large_yellow_circle:"
        }
        NoticeKind::Failure | NoticeKind::Missed => ":red_circle:",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunId;

    fn notice(kind: NoticeKind, in_a_row: u64) -> Notice {
        Notice {
            subject: "r/1".to_owned(),
            channel: "c".to_owned(),
            kind,
            group: "g".to_owned(),
            name: "run_x".to_owned(),
            command: "run_x".to_owned(),
            run: Some(RunId::new("r")),
            at: jiff::Timestamp::UNIX_EPOCH,
            reason: "exited with code 3\u{1b}[2J <!channel> & \r\nBcc: me".to_owned(),
            in_a_row,
            batch: "r".to_owned(),
            hint: None,
            tail: Vec::new(),
        }
    }

    #[test]
    fn each_kind_is_one_harmless_line() {
        for (kind, in_a_row, begins) in [
            (NoticeKind::Failure, 1, "g/run_x failed: exited with code 3"),
            (NoticeKind::Failure, 4, "g/run_x failed 4 times in a row: exited"),
            (NoticeKind::Suspect, 1, "g/run_x is suspect: "),
            (
                NoticeKind::Recovery,
                9,
                "g/run_x is well again, after 9 bad ends in a row (run r) on h",
            ),
            (NoticeKind::Missed, 1, "g/run_x was missed: "),
            (NoticeKind::Late, 1, "g/run_x was late: "),
            (NoticeKind::Late, 4, "g/run_x was late 4 times in a row: "),
        ] {
            let line = line(&notice(kind, in_a_row), "h");
            assert!(line.starts_with(begins), "{line}");
            assert!(!line.contains(['\n', '\r', '\u{1b}']), "{line:?}");
        }
    }

    #[test]
    fn what_to_type_next_is_one_line_that_a_shell_takes() {
        let of = |kind, run: bool, hint: Option<&str>| {
            next(&Notice {
                run: run.then(|| RunId::new("r")),
                hint: hint.map(str::to_owned),
                name: "run x; rm -rf /".to_owned(),
                ..notice(kind, 1)
            })
        };
        let name = "'run x; rm -rf /'";
        assert_eq!(
            of(NoticeKind::Failure, true, None),
            format!("orchestrate logs r {name} --group g")
        );
        assert_eq!(
            of(NoticeKind::Failure, true, Some("chmod +x c/x")),
            "chmod +x c/x"
        );
        assert_eq!(of(NoticeKind::Recovery, true, None), "orchestrate show r");
        assert_eq!(
            of(NoticeKind::Missed, false, None),
            format!("orchestrate run-one {name} --group g")
        );
        assert_eq!(
            of(NoticeKind::ReleaseUnknown, true, None),
            "orchestrate release check"
        );
    }
}

//! What a notice says, in the form that its channel wants. Pure. Reasons are untrusted:
//! no form gives them a meaning.

use serde_json::{Value, json};

use crate::model::NoticeKind;
use crate::store::Notice;
use crate::text::make_safe;

/// One line that says it all.
pub(super) fn line(notice: &Notice, host: &str) -> String {
    let task = format!("{}/{}", make_safe(&notice.group), make_safe(&notice.name));
    let reason = make_safe(&notice.reason);
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
        "reason": make_safe(&notice.reason),
        "in_a_row": notice.in_a_row,
        "host": host,
        "text": line(notice, host),
    })
}

/// A message of Slack, in which three characters have a meaning
/// (<https://docs.slack.dev/messaging/formatting-message-text>).
pub(super) fn slack(notice: &Notice, host: &str) -> Value {
    let sign = match notice.kind {
        NoticeKind::Recovery => ":large_green_circle:",
        NoticeKind::Suspect | NoticeKind::Late => ":large_yellow_circle:",
        NoticeKind::Failure | NoticeKind::Missed => ":red_circle:",
    };
    let text = line(notice, host)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    json!({ "text": format!("{sign} {text}") })
}

/// The subject of a mail: one short line.
pub(super) fn subject(notice: &Notice, host: &str) -> String {
    let task = format!("{}/{}", make_safe(&notice.group), make_safe(&notice.name));
    let short: String = task.chars().take(150).collect();
    format!("[orchestrate] {}: {short} on {}", notice.kind, make_safe(host))
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
    fn slack_is_given_no_command() {
        let text = slack(&notice(NoticeKind::Failure, 1), "h").to_string();
        assert!(text.contains("&lt;!channel&gt; &amp;"), "{text}");
        assert!(!subject(&notice(NoticeKind::Failure, 1), "h").contains('\n'));
    }
}

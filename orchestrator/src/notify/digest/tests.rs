//! Messages: what they say, and what they cannot do.

use super::*;
use crate::model::RunId;

fn notice(position: u32, kind: NoticeKind) -> Notice {
    Notice {
        subject: format!("r/{position}"),
        channel: "c".to_owned(),
        kind,
        group: "g".to_owned(),
        name: format!("run_{position}"),
        command: format!("run_{position}"),
        run: Some(RunId::new("20261126-041000-d014f0")),
        at: jiff::Timestamp::UNIX_EPOCH,
        reason: "exited with code 3\u{1b}[2J <!channel> & \r\nBcc: me s3cret-w0rd".to_owned(),
        in_a_row: 1,
        batch: "20261126-041000-d014f0".to_owned(),
        hint: Some("look at <https://evil.example> s3cret-w0rd".to_owned()),
        tail: vec![
            "connecting with s3cret-w0rd".to_owned(),
            "```<!here> \u{1b}[31m\u{202e}".to_owned(),
        ],
    }
}

fn digest(notices: &[Notice]) -> Digest<'static> {
    let secrets = Secrets::new(["s3cret-w0rd"]);
    Digest::new(
        notices,
        "h\r\nX: y",
        Some("https://o.example.org"),
        secrets.as_ref(),
    )
}

fn two() -> Digest<'static> {
    digest(&[notice(1, NoticeKind::Failure), notice(2, NoticeKind::Recovery)])
}

#[test]
fn the_digest_is_a_contract() {
    insta::assert_json_snapshot!(two().json_within(1 << 20));
}

#[test]
fn a_mail_says_what_to_do_and_is_one_subject() {
    insta::assert_snapshot!(format!("{}\n\n{}", two().subject(), two().body()));
    let one = digest(&[notice(1, NoticeKind::Failure)]);
    assert!(one.subject().starts_with("[orchestrate] failure: g/run_1 on h"));
    assert!(!one.subject().contains(['\r', '\n']), "{:?}", one.subject());
}

#[test]
fn slack_is_given_no_command_and_output_stays_in_its_block() {
    let text = two().slack()["text"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(text);
    for part in ["<!", "<https", "\u{1b}", "\r", "s3cret"] {
        assert!(!text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn a_thousand_failures_are_one_short_message() {
    let mut large = notice(1, NoticeKind::Failure);
    large.reason = "r\"".repeat(10_000);
    large.tail = vec!["\"".repeat(5000); 20];
    let named = |position: u32| Notice {
        name: format!("{}{position}", "n".repeat(190)),
        ..large.clone()
    };
    let all: Vec<Notice> = (0..1000).map(named).collect();
    let digest = digest(&all);
    let json = digest.json_within(100_000);
    assert!(json.to_string().len() <= 100_000);
    let listed = json["notices"].as_array().unwrap().len();
    assert_eq!(json["more"], 1000 - listed);
    assert!(listed >= 10, "{listed}");
    assert!(digest.slack().to_string().len() < 64 << 10);
    assert!(digest.body().len() < 200 << 10 && digest.body().contains("and 950 more"));
    assert!(digest.subject().len() < 400, "{}", digest.subject());
}

//! Who is told what: a real HTTP server, a real mail server of two dozen lines, a
//! real command.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::receiver::{http, next, server, well};
use crate::support::{PATIENCE, Place};

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: job, schedule: daily}
"#;

/// Fails while the file `broken` exists.
const JOB: &str = "#!/bin/sh\n! [ -e broken ]\n";

fn place(settings: &str) -> Place {
    let place = Place::new(SCHEDULE);
    place.script("job", JOB);
    std::fs::write(place.path("config/orchestrator.yaml"), settings).unwrap();
    place
}

fn broken(place: &Place, yes: bool) {
    let path = place.path("broken");
    if yes {
        std::fs::write(path, "").unwrap();
    } else {
        std::fs::remove_file(path).unwrap();
    }
}

fn run(place: &Place) -> i32 {
    place.run(&["run", "--schedule", "daily"]).code.unwrap()
}

fn broken_server(stream: &mut BufReader<TcpStream>) -> String {
    http(stream, "500 Internal Server Error")
}

/// The part of RFC 5321 that a client needs; returns what it was told.
fn smtp(stream: &mut BufReader<TcpStream>) -> String {
    let mut said = String::new();
    let mut in_data = false;
    stream.get_mut().write_all(b"220 test\r\n").unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap() == 0 {
            return said;
        }
        said.push_str(&line);
        let answer: &[u8] = match (in_data, line.trim_end()) {
            (true, ".") => {
                in_data = false;
                b"250 kept\r\n"
            }
            (true, _) => continue,
            (false, "DATA") => {
                in_data = true;
                b"354 go on\r\n"
            }
            (false, "QUIT") => b"221 bye\r\n",
            (false, _) => b"250 test\r\n",
        };
        stream.get_mut().write_all(answer).unwrap();
    }
}

fn deliveries(place: &Place) -> Vec<(String, String, u64)> {
    let list = place.run(&["notices", "list", "--format", "json"]).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                text(&one["kind"]),
                text(&one["state"]),
                one["in_a_row"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_webhook_is_told_of_changes_and_not_of_every_repeat() {
    let (address, told) = server(well);
    let place = place(&format!("notify: [{{webhook: \"http://{address}/hook\"}}]\n"));
    assert_eq!(run(&place), 0);
    broken(&place, true);
    for _ in 0..5 {
        assert_eq!(run(&place), 1);
    }
    broken(&place, false);
    assert_eq!(run(&place), 0);
    assert_eq!(run(&place), 0);
    let seen: Vec<_> = (0..4).map(|_| next(&told)).collect();
    assert!(
        seen.iter().all(|(first, _)| first == "POST /hook HTTP/1.1"),
        "{seen:?}"
    );
    let facts: Vec<_> = seen
        .iter()
        .map(|(_, body)| (body["kind"].as_str().unwrap(), body["in_a_row"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        facts,
        [("failure", 1), ("failure", 2), ("failure", 4), ("recovery", 5)]
    );
    let text = seen[2].1["text"].as_str().unwrap();
    assert!(
        text.starts_with("g/job failed 4 times in a row: exited with code 1 (run 2"),
        "{text}"
    );
    assert!(told.try_recv().is_err(), "told more than there was to tell");
    assert!(
        deliveries(&place)
            .iter()
            .all(|(_, state, _)| state == "delivered")
    );
    assert_eq!(deliveries(&place).len(), 4);
}

#[test]
fn a_channel_hears_what_it_wants_to_hear() {
    let (address, told) = server(well);
    let settings = format!(
        "notify:\n  - {{webhook: \"http://{address}/slack\", format: slack, after: 2, on: [failure]}}\n"
    );
    let place = place(&settings);
    broken(&place, true);
    assert_eq!(run(&place), 1);
    assert_eq!(deliveries(&place), []);
    assert_eq!(run(&place), 1);
    broken(&place, false);
    assert_eq!(run(&place), 0);
    let (_, message) = next(&told);
    let text = message["text"].as_str().unwrap();
    assert!(
        text.starts_with(":red_circle: g/job failed 2 times in a row"),
        "{text}"
    );
    assert!(told.try_recv().is_err());
}

#[test]
fn what_cannot_be_delivered_waits_and_says_why_but_not_where() {
    let (address, told) = server(broken_server);
    let place = place(&format!(
        "notify: [{{webhook: \"http://{address}/s3cret\", name: ops}}]\n"
    ));
    broken(&place, true);
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1)
        .says("ops was not told of")
        .says("500")
        .says_not("s3cret");
    next(&told);
    assert_eq!(
        deliveries(&place),
        [("failure".to_owned(), "pending".to_owned(), 1)]
    );
    place
        .run(&["notices", "list"])
        .exits(0)
        .says("not delivered: the server answered 500")
        .says_not("s3cret");
    // Nobody there at all.
    let place = self::place("notify: [{webhook: \"http://127.0.0.1:1/s3cret\"}]\n");
    broken(&place, true);
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(1)
        .says("was not told")
        .says_not("s3cret")
        .says_not("127.0.0.1");
    place.run(&["notices", "test"]).exits(3).says_not("s3cret");
}

#[test]
fn a_mail_is_sent() {
    let (address, told) = server(smtp);
    let settings = format!(
        "notify:\n  - mail: [ops@example.org]\n    from: orchestrate@example.org\n    server: smtp://{address}\n"
    );
    let place = place(&settings);
    broken(&place, true);
    assert_eq!(run(&place), 1);
    let said = told.recv_timeout(PATIENCE).unwrap();
    for part in [
        "RCPT TO:<ops@example.org>",
        "Subject: [orchestrate] failure: g/job on ",
        "Auto-Submitted: auto-generated\r\n",
        "MIME-Version: 1.0\r\n",
        "Date: ",
        "@example.org>\r\n",
        "g/job failed: exited with code 1",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    let id = said.lines().find(|line| line.starts_with("Message-ID: <"));
    assert!(id.is_some_and(|id| id.ends_with("@example.org>")), "{said}");
}

#[test]
fn a_command_is_told_by_its_environment() {
    let place = place("notify: [{command: [tell, \"--now\"]}]\n");
    place.script("tell", "#!/bin/sh\necho \"$1 $ORCHESTRATE_NOTICE\" >> told\n");
    broken(&place, true);
    assert_eq!(run(&place), 1);
    let told = std::fs::read_to_string(place.path("told")).unwrap();
    let notice: Value = serde_json::from_str(told.strip_prefix("--now ").unwrap()).unwrap();
    assert_eq!(
        (notice["kind"].as_str(), notice["command"].as_str()),
        (Some("failure"), Some("job"))
    );
}

#[test]
fn a_lost_run_is_told_of_too() {
    let (address, told) = server(well);
    let place = place(&format!("notify: [{{webhook: \"http://{address}/\"}}]\n"));
    place.script("job", "#!/bin/sh\necho begun\nexec sleep 1000\n");
    let mut child = place.start(&mut place.command(&["run", "--schedule", "daily"]));
    let mut line = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    while !line.contains("begun") {
        line.clear();
        assert_ne!(
            errors.read_line(&mut line).unwrap(),
            0,
            "it ended before it began"
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
    place.wait_until_gone();
    place.run(&["notices", "deliver"]).exits(0);
    let (_, body) = next(&told);
    assert_eq!(body["kind"], "failure");
    assert!(
        body["reason"].as_str().unwrap().contains("lost")
            || body["reason"].as_str().unwrap().contains("killed"),
        "{body}"
    );
}

#[test]
fn a_dead_mans_watch_hears_of_success_only() {
    let (address, told) = server(well);
    let place = place(&format!("dead_man: {{url: \"http://{address}/alive\"}}\n"));
    broken(&place, true);
    assert_eq!(run(&place), 1);
    assert!(told.try_recv().is_err());
    broken(&place, false);
    assert_eq!(run(&place), 0);
    assert_eq!(next(&told).0, "GET /alive HTTP/1.1");
}

#[test]
fn wrong_settings_are_said_and_secrets_are_not() {
    let place = place(
        "notify:\n  - {webhook: \"ftp://s3cret\"}\n  - {mail: [a@b.c], command: [x]}\n  - {mail: [a@b.c], from: a@b.c, server: \"smtp://u:s3cret@h\"}\n  - {on: [failures], command: [x]}\ndead_man: {}\n",
    );
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(2)
        .says("`webhook` is no URL")
        .says("a channel has one way to tell")
        .says("`server` is no URL of a mail server")
        .says("did you mean `failure`?")
        .says("`dead_man` needs one of");
    assert!(!place.state().exists());
}

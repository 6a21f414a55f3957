//! Operators act over HTTP: what they ask for runs in the scheduler's process or through the queue, is
//! cancelled, and ends with it; each is in the audit.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::cluster::cluster;
use crate::fast::{Fast, stop};
use crate::operation::{ask, port};
use crate::support::wait_until;

const SCHEDULE: &str = "
groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: note, schedule: daily}
      - {command: wait, schedule: daily}
";

/// Runs until it is ended.
const WAIT: &str = "#!/bin/sh\nexec sleep 600\n";

/// An operator, who shows his token.
struct Operator<'f> {
    fast: &'f Fast,
    port: u16,
    token: String,
}

impl<'f> Operator<'f> {
    fn new(fast: &'f Fast) -> Self {
        let made = fast
            .command(&["token", "create", "--name", "ops", "--role", "operator"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let token = String::from_utf8(made.stdout).unwrap().trim_end().to_owned();
        let port = port(fast);
        Self { fast, port, token }
    }

    fn head(&self, method: &str, path: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {}",
            self.port, self.token
        )
    }

    fn page(&self, path: &str) -> String {
        let (status, _, body) = ask(self.port, &self.head("GET", path));
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Confirms what the page at `path` asks; returns where that leads.
    fn confirm(&self, path: &str) -> String {
        let page = self.page(path);
        let (_, key) = page.split_once("name=\"key\" value=\"").unwrap();
        let form = format!("key={}", key.split('"').next().unwrap());
        let head = format!(
            "{}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close",
            self.head("POST", path),
            form.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "{head}\r\n\r\n{form}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 303 "), "{path}: {answer}");
        let (_, location) = answer.split_once("location: ").unwrap();
        location.lines().next().unwrap().to_owned()
    }

    /// What became of each task of the runs that began, in order.
    fn outcomes(&self) -> Vec<String> {
        self.fast.rows(
            "select name || ' ' || coalesce(outcome, 'open') from tasks order by run_started_at, run_id, position",
        )
    }
}

#[test]
fn what_is_asked_for_by_hand_runs_here_is_cancelled_and_ends_with_the_scheduler() {
    let fast = Fast::at_rate(1, SCHEDULE, None);
    fast.place.script("wait", WAIT);
    let serve = fast.start(&["serve", "--listen", "127.0.0.1:0", "--drain-timeout", "1s"]);
    let ops = Operator::new(&fast);
    let noted = ops.confirm("/collectors/g/note/run");
    wait_until("its end", || ops.outcomes() == ["note succeeded"]);
    assert!(ops.page(&noted).contains("1 of 1 succeeded"));

    let waits = ops.confirm("/collectors/g/wait/run");
    let begun = |count: usize| {
        wait_until("its collector", || {
            fast.rows("select run_id from attempts").len() == count
        });
    };
    begun(2);
    assert_eq!(ops.confirm(&format!("{waits}/cancel")), waits);
    wait_until("its end", || ops.outcomes()[1..] == ["wait cancelled"]);

    ops.confirm("/groups/g/pause");
    assert_eq!(
        fast.rows("select group_name from pauses where resumed_at is null"),
        ["g"]
    );

    // What runs when the scheduler is told to end may finish within a second.
    ops.confirm("/collectors/g/wait/run");
    begun(3);
    assert_eq!(stop(serve), Some(143), "{}", fast.said());
    assert_eq!(ops.outcomes()[2..], ["wait cancelled"]);
    assert_eq!(
        fast.rows("select verb || ' ' || target || ' ' || outcome from actions order by id")[..2],
        ["run g/note done", "run g/wait done"]
    );
    assert_eq!(
        fast.rows("select id || '' from actions where outcome = 'done'")
            .len(),
        5
    );
    assert!(!fast.said().contains(&ops.token));
    fast.place.wait_until_gone();
}

#[test]
fn what_is_asked_for_goes_to_the_queue_where_runs_go_there() {
    let fast = Fast::at_rate(1, SCHEDULE, Some(cluster().database()));
    let serve = fast.start(&["serve", "--listen", "127.0.0.1:0", "--execute", "queue"]);
    let ops = Operator::new(&fast);
    let waits = ops.confirm("/collectors/g/note/run");
    assert!(ops.page(&waits).contains("This run waits for a worker."));
    assert_eq!(ops.confirm(&format!("{waits}/cancel")), waits);
    let runs = ops.confirm("/collectors/g/note/run");
    let worker = fast.start(&["worker"]);
    wait_until("its end", || ops.page(&runs).contains("1 of 1 succeeded"));
    let first = waits.strip_prefix("/runs/").unwrap();
    wait_until("that it is not begun", || {
        fast.rows(&format!("select state from queued_runs where run_id = '{first}'")) == ["ended"]
    });
    assert_eq!(fast.ran().len(), 1, "of the two, one was cancelled");
    assert_eq!(stop(worker), Some(0), "{}", fast.said());
    assert_eq!(stop(serve), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

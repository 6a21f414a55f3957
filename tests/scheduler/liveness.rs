//! Alive, ready and well are three questions; and a start with a schedule that broke overnight.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::fast::{EVERY_MINUTE, Fast, stop};
use crate::operation::{ask, get, port};
use crate::support::wait_until;

const BROKEN: &str = "groups: {g: {default_time: \"04:10\", tasks: [{command: note}]}}";

/// Exit code and standard output of a verb.
fn said(fast: &Fast, args: &[&str]) -> (Option<i32>, String) {
    let output = fast.command(args).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_broken_edit_is_no_reason_to_end_a_scheduler() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let (code, text) = said(&fast, &["health", "--live"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("no scheduler of"), "{text}");
    let serve = fast.start(&["serve", "--listen", "127.0.0.1:0"]);
    let port = port(&fast);
    wait_until("some slots", || fast.ran().len() > 1);
    fast.place.schedule(BROKEN);
    fast.wait_for("the timetable stays as it was");
    wait_until("the edit to be known", || get(port, "/healthz").0 == 503);
    for path in ["/livez", "/readyz"] {
        // A probe may know an address and no name.
        let (status, _, body) = ask(port, &format!("GET {path} HTTP/1.1\r\nHost: probe.example"));
        assert_eq!((status, body.as_str()), (200, "ok\n"), "{path}");
    }
    let (_, _, metrics) = get(port, "/metrics");
    assert!(
        metrics.contains("orchestrate_schedule_loaded_timestamp_seconds 1"),
        "{metrics}"
    );
    assert_eq!(
        said(&fast, &["health", "--live"]),
        (Some(0), "alive\n".to_owned())
    );
    assert_eq!(stop(serve), Some(0));
    fast.place.wait_until_gone();
    assert_eq!(said(&fast, &["health", "--live"]).0, Some(3), "it has ended");
}

#[test]
fn one_that_was_killed_is_not_alive_and_its_sign_goes_with_the_next() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let mut beat = fast.start(&["beat"]);
    fast.wait_for("this scheduler leads");
    assert_eq!(said(&fast, &["health", "--live"]).0, Some(0));
    beat.kill().unwrap();
    beat.wait().unwrap();
    assert_eq!(said(&fast, &["health", "--live"]).0, Some(3));
    let signs = || {
        fs::read_dir(fast.place.state().join("schedulers"))
            .unwrap()
            .count()
    };
    assert_eq!(signs(), 1);
    let ran = fast.ran().len();
    let beat = fast.start(&["beat"]);
    wait_until("it to run", || fast.ran().len() > ran);
    assert_eq!(signs(), 1, "its own");
    assert_eq!(stop(beat), Some(0));
    assert_eq!(signs(), 0);
    fast.place.wait_until_gone();
}

#[test]
fn a_start_with_a_broken_schedule_goes_on_with_the_last_good_one_where_that_is_wanted() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let file = fast.place.path("config/boost_collector_schedule.yaml");
    fs::remove_file(&file).unwrap();
    let (code, _) = said(&fast, &["beat", "--last-good"]);
    assert_eq!(code, Some(2), "it never was good");
    fast.place.schedule(EVERY_MINUTE);
    let beat = fast.start(&["beat"]);
    wait_until("a slot", || !fast.ran().is_empty());
    assert_eq!(stop(beat), Some(0));

    fast.place.schedule(BROKEN);
    for verb in ["beat", "serve"] {
        let (code, text) = said(&fast, &[verb]);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("schedule"), "{text}");
    }
    let ran = fast.ran().len();
    let serve = fast.start(&["serve", "--last-good", "--listen", "127.0.0.1:0"]);
    let port = port(&fast);
    wait_until("slots of the copy", || fast.ran().len() > ran + 1);
    fast.wait_for("as it last could be, is in force");
    assert_eq!(get(port, "/readyz").0, 200);
    let (status, _, body) = get(port, "/healthz");
    let health: Value = serde_json::from_str(&body).unwrap();
    let problem = health["problems"][0].as_str().unwrap();
    assert_eq!(status, 503);
    assert!(problem.contains("in force is the schedule of 20"), "{problem}");
    let (_, _, metrics) = get(port, "/metrics");
    assert!(metrics.contains("orchestrate_schedule_file_ok 0"), "{metrics}");
    let (code, text) = said(&fast, &["status"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("this is by the schedule of 20"), "{text}");
    assert_eq!(stop(serve), Some(0));

    // Gone altogether; and the settings want it.
    fs::remove_file(&file).unwrap();
    fs::write(
        fast.place.path("config/orchestrator.yaml"),
        "schedule_last_good: true\n",
    )
    .unwrap();
    let ran = fast.ran().len();
    let beat = fast.start(&["beat"]);
    wait_until("slots without a file", || fast.ran().len() > ran);
    fast.place.schedule(EVERY_MINUTE);
    fast.wait_for("was read again");
    assert_eq!(stop(beat), Some(0));
    fast.place.wait_until_gone();
    let copies = fs::read_dir(fast.place.state().join("schedule.last-good")).unwrap();
    for copy in copies {
        let mode = copy.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

//! Releases under a scheduler: a repository is tagged while it runs. Batches ask, and so do
//! the looks between them (`release: poll`).

use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orchestrator::model::{Clock, SystemClock};
use serde_json::Value;

use crate::cluster::cluster;
use crate::fast::{Fast, random, stop};
use crate::operation::{get, port};
use crate::support::wait_until;

/// A day of the timetable takes two seconds.
const DAILY: &str = "
release: {repository: repository}
groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: sync, schedule: on_release}
      - {command: note, schedule: daily}
";

fn git(fast: &Fast, args: &[&str]) {
    let done = std::process::Command::new("git")
        .args(["-C", "repository", "-c", "user.name=t", "-c", "user.email=t@t"])
        .args(args)
        .current_dir(fast.place.path(""))
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn a_new_release_runs_its_tasks_until_they_succeed_and_then_no_more() {
    let fast = Fast::at_rate(40_000, DAILY, None);
    let script = "#!/bin/sh\necho \"$ORCHESTRATE_RELEASES\" >> releases\ntest ! -e fail\n";
    fast.place.script("sync", script);
    fs::create_dir(fast.place.path("repository")).unwrap();
    git(&fast, &["init", "-q"]);
    git(&fast, &["commit", "-q", "--allow-empty", "-m", "x"]);
    git(&fast, &["tag", "boost-1.90.0"]);
    git(&fast, &["tag", "boost-1.91.0.beta1"]);
    fs::write(fast.place.path("fail"), "").unwrap();
    let told = || fs::read_to_string(fast.place.path("releases")).unwrap_or_default();
    let beat = fast.start(&["-q", "beat"]);
    wait_until("a second try", || told().lines().count() > 1);
    fs::remove_file(fast.place.path("fail")).unwrap();
    let none = "select cause from ledger where command = 'sync' and cause = 'no new release'";
    wait_until("a day without a release", || !fast.rows(none).is_empty());
    let tries = told();
    assert!(tries.lines().all(|line| line == "boost-1.90.0"), "{tries}");

    git(&fast, &["tag", "boost-1.91.0"]);
    wait_until("the new one", || told().contains("boost-1.91.0"));
    let days = fast.ran().len();
    wait_until("two more days", || fast.ran().len() > days + 2);
    assert_eq!(told(), format!("{tries}boost-1.91.0\n"), "once");

    fs::rename(fast.place.path("repository"), fast.place.path("elsewhere")).unwrap();
    let unknown = "select '' || slot from ledger
         where command = 'sync' and state = 'skipped' and cause like 'release unknown: git ls-remote%'";
    wait_until("a day on which nobody knows", || !fast.rows(unknown).is_empty());
    let day: i64 = fast.rows(unknown)[0].parse().unwrap();
    wait_until("the rest of its batch", || {
        fast.ran().iter().any(|slot| slot.as_microsecond() == day)
    });
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

/// The same where workers run them: one that was planned while another waited for its worker is not run
/// for what that one has dealt with.
#[test]
fn in_the_queue_a_release_is_dealt_with_once_and_one_that_failed_comes_again() {
    let waits = DAILY.replace("    tasks:", "    overlap: queue\n    tasks:");
    let fast = Fast::at_rate(80_000, &waits, Some(cluster().database()));
    let script = "#!/bin/sh\necho \"$ORCHESTRATE_RELEASES\" >> releases\ntest ! -e fail\n";
    fast.place.script("sync", script);
    fs::create_dir(fast.place.path("repository")).unwrap();
    git(&fast, &["init", "-q"]);
    git(&fast, &["commit", "-q", "--allow-empty", "-m", "x"]);
    git(&fast, &["tag", "boost-1.90.0"]);
    fs::write(fast.place.path("fail"), "").unwrap();
    let told = || fs::read_to_string(fast.place.path("releases")).unwrap_or_default();
    let beat = fast.start(&["beat", "--execute", "queue"]);
    fast.wait_for("this scheduler leads");
    // Two nights wait when there is a worker at last, both for the same release.
    let waiting = "select run_id from queued_runs where state = 'queued'";
    wait_until("two nights in the queue", || fast.rows(waiting).len() > 1);
    let worker = fast.start(&["-q", "worker"]);
    wait_until("a second try", || told().lines().count() > 1);
    fs::remove_file(fast.place.path("fail")).unwrap();
    let none = "select cause from ledger where name = 'sync' and cause = 'no new release'";
    wait_until("a day without a release", || !fast.rows(none).is_empty());
    let tries = told();
    assert!(tries.lines().all(|line| line == "boost-1.90.0"), "{tries}");
    let succeeded = "select run_id from tasks where name = 'sync' and outcome = 'succeeded'";
    assert_eq!(fast.rows(succeeded).len(), 1, "{tries}");

    // Nights pile up again, all for the new one; one of them deals with it.
    assert_eq!(stop(worker), Some(0), "{}", fast.said());
    git(&fast, &["tag", "boost-1.91.0"]);
    let of_new = "select run_id from queued_runs where state = 'queued' and plan like '%boost-1.91.0%'";
    wait_until("three nights for it", || fast.rows(of_new).len() > 2);
    let last = fast.rows(&format!("{of_new} order by message")).pop().unwrap();
    let worker = fast.start(&["-q", "worker"]);
    let ended = format!("select state from queued_runs where run_id = '{last}'");
    wait_until("the last of them", || fast.rows(&ended) == ["ended"]);
    assert_eq!(told(), format!("{tries}boost-1.91.0\n"), "once");
    assert_eq!(fast.rows(succeeded).len(), 2);
    for child in [beat, worker] {
        assert_eq!(stop(child), Some(0), "{}", fast.said());
    }
    fast.place.wait_until_gone();
}

/// Looked for each minute; the batch is half a day away.
fn polled(tasks: &str) -> String {
    let at = (SystemClock.now() + SignedDuration::from_hours(12)).strftime("%H:%M");
    format!(
        "
release: {{repository: repository, poll: 1m}}
groups:
  g:
    default_time: \"{at}\"
    tasks: {tasks}
"
    )
}

const SYNC: &str = "[{command: sync, schedule: on_release}]";

/// An installation with a repository and a collector that notes its slot and what it is told.
fn with_repository(rate: u32, schedule: &str, url: Option<String>) -> Fast {
    let fast = Fast::at_rate(rate, schedule, url);
    let script = "#!/bin/sh\necho \"$ORCHESTRATE_SLOT\" >> ran\necho \"$ORCHESTRATE_RELEASES\" >> releases\ntest ! -e fail\n";
    fast.place.script("sync", script);
    fs::create_dir(fast.place.path("repository")).unwrap();
    git(&fast, &["init", "-q"]);
    git(&fast, &["commit", "-q", "--allow-empty", "-m", "x"]);
    fast
}

fn told(fast: &Fast) -> String {
    fs::read_to_string(fast.place.path("releases")).unwrap_or_default()
}

/// Slots of the looks that ended so, oldest first.
fn looks(fast: &Fast, cause: &str) -> usize {
    let sql = format!("select '' || slot from ledger where entry = 'release:g' and cause like '{cause}'");
    fast.rows(&sql).len()
}

fn a_release_between_batches(url: Option<String>) {
    let fast = with_repository(240, &polled(SYNC), url);
    let serve = fast.start(&["serve", "--listen", "127.0.0.1:0"]);
    let port = port(&fast);
    wait_until("a look that finds nothing", || looks(&fast, "no new release") > 0);
    assert_eq!(fast.rows("select id from runs"), [""; 0]);

    // It fails, and is tried again at the next looks and not in between.
    fs::write(fast.place.path("fail"), "").unwrap();
    git(&fast, &["tag", "boost-1.90.0"]);
    wait_until("a third try", || told(&fast).lines().count() > 2);
    fs::remove_file(fast.place.path("fail")).unwrap();
    let succeeded = "select schedule from runs where success = true";
    wait_until("a success", || !fast.rows(succeeded).is_empty());
    assert_eq!(fast.rows(succeeded), ["on_release"]);
    let tries = told(&fast);
    let before = looks(&fast, "no new release");
    wait_until("looks that find nothing", || {
        looks(&fast, "no new release") > before + 2
    });
    assert_eq!(told(&fast), tries, "once is enough");

    // The next one is told alone, and once.
    git(&fast, &["tag", "boost-1.91.0"]);
    wait_until("the next one", || told(&fast).contains("boost-1.91.0"));
    let before = looks(&fast, "no new release");
    wait_until("more looks", || looks(&fast, "no new release") > before + 2);
    assert_eq!(told(&fast), format!("{tries}boost-1.91.0\n"));

    // Nobody can tell: that has rows, is shown, and starts nothing.
    let runs = fast.rows("select id from runs").len();
    fs::rename(fast.place.path("repository"), fast.place.path("elsewhere")).unwrap();
    let unknown = "release unknown: git ls-remote%";
    wait_until("looks after which nobody knows", || looks(&fast, unknown) > 2);
    assert_eq!(fast.rows("select id from runs").len(), runs);
    let (status, _, body) = get(port, "/healthz");
    let health: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200, "{health}");
    let error = health["release_error"].as_str().unwrap();
    assert!(error.starts_with("git ls-remote repository exited"), "{error}");
    let (_, _, metrics) = get(port, "/metrics");
    for line in [
        "orchestrate_release_known 0",
        "orchestrate_release_answers_total{answer=\"new\"}",
        "orchestrate_release_answers_total{answer=\"none\"}",
        "orchestrate_release_answers_total{answer=\"unknown\"}",
        "orchestrate_tasks_skipped_total{cause=\"release_unknown\"}",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    wait_until("health to know", || {
        let health = fast.command(&["health"]).output().unwrap();
        assert!(health.status.success(), "{health:?}");
        String::from_utf8_lossy(&health.stdout).contains("warning: nobody can tell")
    });
    fs::rename(fast.place.path("elsewhere"), fast.place.path("repository")).unwrap();
    wait_until("it to be known again", || {
        get(port, "/metrics").2.contains("orchestrate_release_known 1")
    });
    assert_eq!(stop(serve), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
    fast.is_whole(&fast.ran());
}

#[test]
fn a_release_between_batches_is_found_sqlite() {
    a_release_between_batches(None);
}

#[test]
fn a_release_between_batches_is_found_postgres() {
    a_release_between_batches(Some(cluster().database()));
}

/// It fails each time, so that there is something to run at each look.
#[test]
fn kills_at_random_moments_repeat_no_look_and_lose_none() {
    let fast = with_repository(600, &polled(SYNC), None);
    git(&fast, &["tag", "boost-1.90.0"]);
    fs::write(fast.place.path("fail"), "").unwrap();
    for round in 0..20 {
        let mut beat = fast.start(&["-q", "beat"]);
        // The moment is the random part of this test; nothing is waited for.
        std::thread::sleep(Duration::from_millis(random(round) % 700));
        beat.kill().unwrap();
        beat.wait().unwrap();
        fast.place.wait_until_gone();
    }
    let before = fast.ran().len();
    let beat = fast.start(&["-q", "beat"]);
    wait_until("looks after the last kill", || fast.ran().len() > before + 3);
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
    let ran = fast.ran();
    assert!(ran.len() > 5, "{ran:?}");
    fast.is_whole(&ran);
}

/// A look an hour, a batch a day; both tasks say so if the other one runs.
#[test]
fn looks_and_batches_of_a_group_never_run_at_the_same_time() {
    let schedule = "
release: {repository: repository, poll: 1h}
groups:
  g:
    default_time: \"04:30\"
    tasks:
      - {command: sync, schedule: on_release}
      - {command: batch, schedule: daily}
";
    let fast = with_repository(20_000, schedule, None);
    let alone = "mkdir lock 2>/dev/null || touch overlapped\nsleep 0.2\nrmdir lock\n";
    fast.place
        .script("sync", &format!("#!/bin/sh\necho x >> looked\n{alone}exit 1\n"));
    fast.place.script(
        "batch",
        &format!("#!/bin/sh\necho \"$ORCHESTRATE_SLOT\" >> batches\n{alone}"),
    );
    git(&fast, &["tag", "boost-1.90.0"]);
    let lines = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(fast.place.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let beat = fast.start(&["-q", "beat"]);
    wait_until("some days", || lines("batches").len() > 3);
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
    assert!(lines("looked").len() > lines("batches").len(), "there were looks");
    assert!(!fast.place.path("overlapped").exists());
    // No night is given up for a look: only for the batch of the night before, which a busy
    // machine may draw out for a day of this clock.
    let given_up = fast.rows(
        "select coalesce(cause, state) from ledger
         where entry = 'group:g' and command = 'batch' and state <> 'ran'",
    );
    let by_batch = |cause: &String| cause.contains("T04:30:00Z");
    assert!(given_up.iter().all(by_batch), "{given_up:?}");
    let days: Vec<Timestamp> = lines("batches")
        .iter()
        .map(|slot| slot.parse().unwrap())
        .collect();
    let day = SignedDuration::from_hours(24).as_secs();
    let whole_days = |pair: &[Timestamp]| pair[1].duration_since(pair[0]).as_secs() % day == 0;
    assert!(days.is_sorted() && days.windows(2).all(whole_days), "{days:?}");
    let gave_way = "%(overlap: skip); the next look for releases takes its place";
    assert!(looks(&fast, gave_way) > 0);
}

#[test]
fn looks_follow_pauses_and_the_file() {
    let schedule = polled(SYNC);
    let fast = with_repository(240, &schedule, None);
    let beat = fast.start(&["beat"]);
    fast.wait_for("this scheduler leads");
    wait_until("a look", || looks(&fast, "no new release") > 0);
    assert!(fast.command(&["pause", "g"]).output().unwrap().status.success());
    wait_until("a look that is skipped", || {
        looks(&fast, "group g is paused%") > 0
    });
    git(&fast, &["tag", "boost-1.90.0"]);
    let before = looks(&fast, "group g is paused%");
    wait_until("more of them", || looks(&fast, "group g is paused%") > before + 1);
    assert_eq!(told(&fast), "", "nothing of a group that is paused begins");
    assert!(fast.command(&["resume", "g"]).output().unwrap().status.success());
    wait_until("the release", || told(&fast) == "boost-1.90.0\n");

    // Another rhythm: slots of the old one are not its own.
    fast.place.schedule(&schedule.replace("poll: 1m", "poll: 7m"));
    fast.wait_for("changed release");
    let sevenths = "select '' || slot from slots where entry = 'release:g' and slot % 420000000 = 0";
    let known = fast.rows(sevenths).len();
    wait_until("looks in the new rhythm", || {
        fast.rows(sevenths).len() > known + 1
    });
    let all = fast.rows("select '' || slot from slots where entry = 'release:g' order by slot desc limit 2");
    let apart = all[0].parse::<i64>().unwrap() - all[1].parse::<i64>().unwrap();
    assert_eq!(apart, 420_000_000);

    // None at all.
    fast.place.schedule(&schedule.replace(", poll: 1m", ""));
    wait_until("the reload", || {
        fast.said().matches("changed release").count() > 1
    });
    let known = fast.rows("select '' || slot from slots").len();
    let interval = "[{command: sync, schedule: on_release}, {command: note, schedule: interval, minutes: 1}]";
    fast.place
        .schedule(&schedule.replace(", poll: 1m", "").replace(SYNC, interval));
    wait_until("time to pass", || fast.ran().len() > 9);
    assert_eq!(
        fast.rows("select '' || slot from slots where entry = 'release:g'")
            .len(),
        known
    );
    assert_eq!(stop(beat), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

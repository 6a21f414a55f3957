//! What happens to a run whose worker is killed, stopped, or cut off from the database. The short
//! forms have a lease of 2 s; the long ones are run by `scripts/test-fleet`.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cluster::{cluster, name_of};
use crate::proxy::{Proxy, Weather};
use crate::support::wait_until;
use crate::workers::{BATCH, Fleet, outcomes};

const FIVE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: step, name: a, schedule: daily, args: [a]}
      - {command: step, name: b, schedule: daily, args: [b]}
      - {command: step, name: c, schedule: daily, args: [c]}
      - {command: step, name: d, schedule: daily, args: [d]}
      - {command: step, name: e, schedule: daily, args: [e]}
"#;

#[test]
fn a_batch_of_five_goes_on_at_the_collector_that_was_interrupted() {
    let fleet = Fleet::new(FIVE, "lease: 2s\n", 2);
    fleet.close_gate("c");
    let mut first = fleet.start(0, &["worker", "--name", "first"]);
    let run = fleet.queue("g");
    fleet.wait_for("start c 1");
    let second = fleet.start(1, &["worker", "--name", "second"]);
    wait_until("the second worker", || {
        fleet.workers().as_array().unwrap().len() == 2
    });
    first.kill().unwrap();
    first.wait().unwrap();
    let killed = Instant::now();
    fleet.wait_for("start c 2");
    let noticed = killed.elapsed();
    println!(
        "noticed and resumed after {:.1} s, with a lease of 2 s",
        noticed.as_secs_f64()
    );
    assert!(noticed < Duration::from_secs(12), "{noticed:?}");
    fleet.open_gate("c");
    let record = fleet.wait_for_end(&run);
    let attempts = [1, 1, 2, 1, 1].map(|attempts| ("succeeded", attempts));
    assert_eq!(outcomes(&record), attempts);
    let starts = |name: &str| {
        let start = format!("start {name} ");
        fleet
            .ledger()
            .iter()
            .filter(|line| line.starts_with(&start))
            .count()
    };
    assert_eq!(["a", "b", "c", "d", "e"].map(starts), [1, 1, 2, 1, 1]);
    let records = fleet
        .run(0, &["records", "export", "steps"])
        .exits(0)
        .json_lines();
    assert_eq!(records.len(), 5, "{records:?}");
    fleet.end(1, second);
}

/// Nobody can end the collector while all who could are stopped: it is gone as soon as they go on.
#[test]
fn collectors_of_a_machine_that_was_stopped_are_gone_when_it_goes_on() {
    let fleet = Fleet::new(BATCH, "lease: 2s\n", 2);
    fleet.close_gate("b");
    let first = fleet.start(0, &["worker", "--name", "first"]);
    let run = fleet.queue("g");
    fleet.wait_for("start b 1");
    let collector = fleet.pid_of("start b 1");
    let mut all = vec![first.id()];
    all.extend(
        descendants(first.id())
            .into_iter()
            .filter(|pid| *pid != collector),
    );
    for pid in &all {
        kill(Pid::from_raw(pid.cast_signed()), Signal::SIGSTOP).unwrap();
    }
    let second = fleet.start(1, &["worker", "--name", "second"]);
    fleet.wait_for("start b 2");
    assert!(
        fleet.is_there(collector),
        "the documented exception: nobody could end it"
    );
    let begun = Instant::now();
    for pid in all.iter().rev() {
        // A child of the collector's may have ended meanwhile.
        let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGCONT);
    }
    wait_until("the end of the collector", || !fleet.is_there(collector));
    let took = begun.elapsed();
    println!("gone {:.2} s after SIGCONT", took.as_secs_f64());
    // A second on a machine that has nothing else to do.
    assert!(took < Duration::from_secs(5), "{took:?}");
    fleet.open_gate("b");
    let record = fleet.wait_for_end(&run);
    assert_eq!(
        outcomes(&record),
        [("succeeded", 1), ("succeeded", 2), ("succeeded", 1)]
    );
    assert!(!fleet.ledger().contains(&"end b 1".to_owned()));
    assert_eq!(fleet.psql("select worker from queued_runs"), "second");
    fleet.end(0, first);
    fleet.end(1, second);
}

/// A worker that is cut off ends its collectors by itself, gives the run back as soon as it can,
/// and goes on.
#[test]
fn an_outage_longer_than_the_lease_ends_what_runs_and_it_is_run_once_more() {
    let (fleet, proxy) = cut_off("lease: 2s\n");
    outage_beyond_the_lease(&fleet, &proxy, Duration::ZERO);
}

#[test]
fn an_outage_shorter_than_the_lease_disturbs_nobody() {
    let (fleet, proxy) = cut_off("lease: 1m\n");
    outage_within_the_lease(&fleet, &proxy, Duration::ZERO);
}

#[test]
#[ignore = "takes more than a minute: scripts/test-fleet"]
fn an_outage_of_a_minute_with_a_lease_of_20_s() {
    let (fleet, proxy) = cut_off("lease: 20s\n");
    outage_beyond_the_lease(&fleet, &proxy, Duration::from_secs(60));
}

#[test]
#[ignore = "takes more than a minute: scripts/test-fleet"]
fn an_outage_of_a_minute_with_a_lease_of_2_m() {
    let (fleet, proxy) = cut_off("lease: 2m\n");
    outage_within_the_lease(&fleet, &proxy, Duration::from_secs(60));
}

#[test]
#[ignore = "takes long: scripts/test-fleet"]
fn a_restart_of_5_s_with_a_lease_of_20_s() {
    let (fleet, proxy) = cut_off("lease: 20s\n");
    outage_within_the_lease(&fleet, &proxy, Duration::from_secs(5));
}

/// Machines whose database is behind a proxy.
fn cut_off(settings: &str) -> (Fleet, Proxy) {
    let direct = cluster().database();
    let proxy = Proxy::before(&cluster().socket());
    let url = format!(
        "postgres://test:s3cret@127.0.0.1:{}/{}",
        proxy.port,
        name_of(&direct)
    );
    (Fleet::at(url, BATCH, settings, 1), proxy)
}

/// At least `length` long, and at least until the collector is gone.
fn outage_beyond_the_lease(fleet: &Fleet, proxy: &Proxy, length: Duration) {
    fleet.close_gate("b");
    let worker = fleet.start(0, &["worker", "--name", "w"]);
    let run = fleet.queue("g");
    fleet.wait_for("start b 1");
    let collector = fleet.pid_of("start b 1");
    let begun = Instant::now();
    proxy.set(Weather::Cut);
    wait_until("the end of the collector", || !fleet.is_there(collector));
    let ended = begun.elapsed();
    std::thread::sleep(length.saturating_sub(begun.elapsed()));
    proxy.set(Weather::Fair);
    let back = Instant::now();
    fleet.wait_for("start b 2");
    let resumed = back.elapsed();
    println!(
        "ended {:.1} s after the cut, resumed {:.1} s after its end",
        ended.as_secs_f64(),
        resumed.as_secs_f64()
    );
    fleet.open_gate("b");
    let record = fleet.wait_for_end(&run);
    assert_eq!(
        outcomes(&record),
        [("succeeded", 1), ("succeeded", 2), ("succeeded", 1)]
    );
    let lost = &record["tasks"][1]["attempt_list"][0];
    assert_eq!(lost["outcome"], "lost");
    let reason = lost["reason"].as_str().unwrap();
    assert!(reason.starts_with("worker w "), "{reason}");
    assert!(!fleet.ledger().contains(&"end b 1".to_owned()));
    fleet.end(0, worker);
}

/// At least `length` long, and at least until the collector has ended by itself.
fn outage_within_the_lease(fleet: &Fleet, proxy: &Proxy, length: Duration) {
    fleet.close_gate("b");
    let worker = fleet.start(0, &["worker", "--name", "w"]);
    let run = fleet.queue("g");
    fleet.wait_for("start b 1");
    let begun = Instant::now();
    proxy.set(Weather::Cut);
    fleet.open_gate("b");
    fleet.wait_for("end b 1");
    std::thread::sleep(length.saturating_sub(begun.elapsed()));
    // Its end is not recorded yet, and nothing follows before it is.
    assert!(!fleet.ledger().contains(&"start c 1".to_owned()));
    proxy.set(Weather::Fair);
    let record = fleet.wait_for_end(&run);
    assert_eq!(outcomes(&record), [("succeeded", 1); 3]);
    let ends = fleet.ledger();
    let ends: Vec<&String> = ends.iter().filter(|line| line.starts_with("end")).collect();
    assert_eq!(ends, ["end a 1", "end b 1", "end c 1"]);
    fleet.end(0, worker);
}

/// Children, and theirs.
fn descendants(of: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let parent = stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    let mut found = vec![of];
    let mut at = 0;
    while at < found.len() {
        let children = parents.iter().filter(|(_, parent)| *parent == found[at]);
        let children: Vec<u32> = children.map(|(pid, _)| *pid).collect();
        found.extend(children);
        at += 1;
    }
    found.split_off(1)
}

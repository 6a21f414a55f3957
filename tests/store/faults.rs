//! kill -9 and disks that are full: whatever is recorded afterwards is true.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::cluster::cluster;
use crate::support::{ORCHESTRATE, Place};

const THREE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: mark, schedule: daily, args: [one]}
      - {command: mark, schedule: daily, args: [two]}
      - {command: mark, schedule: daily, args: [three]}
"#;

/// Each collector notes that it ran: what really happened, whatever is recorded.
const MARK: &str = "#!/bin/sh\necho \"$ORCHESTRATE_RUN_ID $1\" >> ledger\necho \"$1 says something\"\n";

/// The rounds of [`kill_9`]; each takes about a fifth of a second.
const ROUNDS: u64 = 50;

#[test]
fn kill_9_at_random_points_sqlite() {
    kill_9(None);
}

#[test]
fn kill_9_at_random_points_postgres() {
    kill_9(Some(&cluster().database()));
}

fn kill_9(url: Option<&str>) {
    let place = Place::new(THREE);
    place.script("mark", MARK);
    let command = |args: &[&str]| {
        let mut command = place.command(args);
        command.envs(url.map(|url| ("DATABASE_URL", url)));
        command
    };
    let run = ["run", "--schedule", "daily", "-q"];
    // How long a whole run takes here and now, so that the points lie all over it.
    let whole_run = || {
        let begin = Instant::now();
        place.see(place.start(&mut command(&run))).exits(0);
        begin.elapsed()
    };
    // The first one also makes the tables: the next ones take less.
    whole_run();
    let mut whole = whole_run();
    let seed = std::process::id().into();
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..ROUNDS {
        let mut child = place.start(&mut command(&run));
        let until = Instant::now() + whole.mul_f64(random.f64());
        while Instant::now() < until {
            std::thread::yield_now();
        }
        kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).unwrap();
        child.wait().unwrap();
        // Its collectors end with it, but not in the same instant.
        place.wait_until_gone();
        // The machine may have become faster or slower meanwhile.
        if round % 5 == 4 {
            whole = whole_run();
        }
    }
    let json = |args: &[&str]| place.see(place.start(&mut command(args))).json();
    let history = json(&["history", "--last", "1000", "--format", "json"]);
    let mut really: BTreeMap<String, u32> = BTreeMap::new();
    for line in fs::read_to_string(place.path("ledger")).unwrap().lines() {
        *really.entry(line.to_owned()).or_default() += 1;
    }
    let mut lost = 0;
    for run in history.as_array().unwrap() {
        let id = run["run"].as_str().unwrap();
        assert_ne!(run["state"], "running", "{run}");
        lost += u32::from(run["state"] == "lost");
        let record = json(&["show", id, "--format", "json"]);
        for task in record["tasks"].as_array().unwrap() {
            let ran = really
                .remove(&format!("{id} {}", task["args"][0].as_str().unwrap()))
                .unwrap_or(0);
            match task["outcome"].as_str().unwrap() {
                "succeeded" => assert_eq!(ran, 1, "{task}"),
                "skipped" => assert_eq!(ran, 0, "{task}"),
                // It was killed with its run: before, in or after its only line.
                "lost" => assert!(ran <= 1, "{task}"),
                other => panic!("{other}: {task}"),
            }
        }
        let mut logs = command(&["logs", id]);
        place.see(place.start(&mut logs)).exits(0);
    }
    assert!(
        really.is_empty(),
        "ran and not recorded, or ran twice: {really:?}"
    );
    assert!(lost > 5, "the points are badly chosen: {lost} lost");
    let health = json(&["health", "--format", "json"]);
    assert_eq!(health["ok"], true, "{health}");
    let left = fs::read_dir(place.state().join("unrecorded")).unwrap().count();
    assert_eq!(left, 0);
}

/// A file system of this size, as tmpfs(5) has it, at `mount`, in a mount namespace that is gone with the
/// shell that does `script`. Without root a user namespace must do; `None` where there is
/// none either.
fn on_small_disk(place: &Place, size: &str, mount: &str, script: &str) -> Option<std::process::Output> {
    let mut namespaces = vec!["--mount", "--propagation", "private"];
    if !nix::unistd::Uid::effective().is_root() {
        namespaces.extend(["--user", "--map-root-user"]);
    }
    let may = Command::new("unshare").args(&namespaces).arg("true").output();
    if !may.unwrap().status.success() {
        eprintln!("skipped: no small file system may be mounted here");
        return None;
    }
    let text = format!("mkdir -p {mount} && mount -t tmpfs -o size={size} none {mount} || exit 99\n{script}");
    let output = shell(place, Command::new("unshare").args(namespaces).arg("sh"), &text);
    assert_ne!(output.status.code(), Some(99), "{output:?}");
    Some(output)
}

/// Runs `script` in the place, with the binary as `$orchestrate`.
fn shell(place: &Place, shell: &mut Command, script: &str) -> std::process::Output {
    let place_command = place.command(&[]);
    let environment = place_command
        .get_envs()
        .filter_map(|(name, value)| value.map(|value| (name, value)));
    shell
        .env_clear()
        .envs(environment)
        .args(["-c", script])
        .env("orchestrate", ORCHESTRATE)
        .current_dir(place.dir.path())
        .output()
        .unwrap()
}

fn said(output: &std::process::Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes))
        .join("\n")
}

fn integrity(place: &Place) -> String {
    let file = place.path("orchestrate.db");
    crate::both::runtime().block_on(async {
        let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display()))
            .await
            .unwrap();
        let (answer,): (String,) = sqlx::query_as("pragma integrity_check")
            .fetch_one(&pool)
            .await
            .unwrap();
        pool.close().await;
        answer
    })
}

#[test]
fn a_full_disk_ends_no_run_and_breaks_no_file() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [append, ledger, one]}
      - {command: fake, schedule: daily, args: [flood, "4000000", lines, append, ledger, two]}
      - {command: fake, schedule: daily, args: [out, last words, append, ledger, three]}
"#,
    );
    let Some(output) = on_small_disk(
        &place,
        "1500k",
        ".orchestrate",
        "$orchestrate run --schedule daily --summary-file summary.json -q; echo code $?
         rm -f .orchestrate/runs/*/2-fake.log
         $orchestrate history --format json > history.json; echo then $?
         cp .orchestrate/orchestrate.db* .",
    ) else {
        return;
    };
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let ledger = fs::read_to_string(place.path("ledger")).unwrap_or_default();
    assert_eq!(ledger, "one\ntwo\nthree\n", "{out}\n{err}");
    let summary: Value = serde_json::from_slice(&fs::read(place.path("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["succeeded"], 3, "{summary}");
    assert_eq!(summary["tasks"][1]["truncated"], true, "{summary}");
    assert!(err.contains("is incomplete"), "{err}");
    // The database may have been full as well; then that was said by the exit code.
    assert!(
        out.contains("code 0\n") || out.contains("code 3\n"),
        "{out}\n{err}"
    );
    assert!(out.contains("then 0\n"), "{out}\n{err}");
    assert_eq!(integrity(&place), "ok");
    let history: Value = serde_json::from_slice(&fs::read(place.path("history.json")).unwrap()).unwrap();
    assert_ne!(history[0]["state"], "running", "{history}");
}

#[test]
fn a_full_disk_can_be_looked_at() {
    let place = Place::new(
        "groups: {g: {default_time: '04:10', tasks: [{command: fake, schedule: daily, args: [out, hello]}]}}",
    );
    let Some(output) = on_small_disk(
        &place,
        "3m",
        ".orchestrate",
        "$orchestrate run --schedule daily -q || exit 1
         cat /dev/zero > .orchestrate/filler 2>/dev/null
         look() { find .orchestrate -printf '%p %s %T@\\n' | sort; }
         look > before
         for verb in history 'show last' logs 'why fake' next status 'records list' 'state list' \
             'release list' 'notices list' 'db status'
         do $orchestrate $verb > answer && test -s answer || { echo \"$verb\"; exit 1; }; done
         look > after; cmp before after && grep -q orchestrate.db before",
    ) else {
        return;
    };
    assert!(output.status.success(), "{}", said(&output));
}

/// What every run needs is tried, and not only asked for.
#[test]
fn a_state_directory_without_room_or_inode_is_not_well() {
    let place = Place::new(
        "groups: {g: {default_time: '04:10', tasks: [{command: fake, schedule: daily, args: [exit, '0']}]}}",
    );
    for (size, fill, free) in [
        (
            "4m",
            "cat /dev/zero > .orchestrate/filler 2>/dev/null",
            "rm .orchestrate/filler",
        ),
        (
            "4m,nr_inodes=200",
            "i=0; while : 2>/dev/null > .orchestrate/filler$i; do i=$((i+1)); done",
            "rm .orchestrate/filler*",
        ),
    ] {
        let script = format!(
            "$orchestrate run --schedule daily -q; echo before $?
             ( {fill} )
             $orchestrate run --schedule daily -q; echo full $?
             $orchestrate health; echo health $?
             $orchestrate health --format json; echo json $?
             $orchestrate check; echo check $?
             {free}
             $orchestrate health; echo health $?
             $orchestrate check; echo check $?
             ls -A .orchestrate | grep probe; echo left $?"
        );
        let Some(output) = on_small_disk(&place, size, ".orchestrate", &script) else {
            return;
        };
        let said = said(&output);
        for words in [
            "before 0\n",
            "health 3\n",
            "json 3\n",
            "check 3\n",
            "the state directory .orchestrate cannot be written: No space left on device",
            "E302-state-directory",
            "health 0\n",
            "check 0\n",
            "left 1\n",
        ] {
            assert!(said.contains(words), "{size}: {words}: {said}");
        }
        assert!(!said.contains("full 0\n"), "{size}: {said}");
    }
}

#[test]
fn check_makes_no_state_directory_and_says_whether_one_can_be_made() {
    let place = Place::new("groups: {g: {default_time: '04:10', tasks: [{command: fake, schedule: daily}]}}");
    let seen = place.run(&["check"]);
    assert!(seen.exits(0).stderr.contains("is not there yet"), "{seen:#?}");
    assert!(!place.state().exists());
    for state in ["/proc/state", "config/boost_collector_schedule.yaml"] {
        let seen = place.run(&["check", "--state-dir", state]);
        assert!(seen.exits(3).stderr.contains("E302-state-directory"), "{seen:#?}");
    }
}

/// The database alone is full, from the first collector's end on.
#[test]
fn a_database_that_is_full_is_told_later() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fill, schedule: daily}
      - {command: fake, schedule: daily, args: [append, ledger, two]}
      - {command: fake, schedule: daily, args: [append, ledger, three]}
"#,
    );
    place.script(
        "fill",
        "#!/bin/sh\ncat /dev/zero > \"$PWD/small/filler\" 2>/dev/null\ndf small | tail -1\n",
    );
    let Some(output) = on_small_disk(
        &place,
        "2048k",
        "small",
        "export DATABASE_URL=sqlite:small/db
         $orchestrate db migrate && $orchestrate run --schedule daily; echo code $?
         rm small/filler
         $orchestrate show last --format json > show.json; echo then $?
         cp small/db orchestrate.db",
    ) else {
        return;
    };
    let said = said(&output);
    let ledger = fs::read_to_string(place.path("ledger")).unwrap_or_default();
    assert_eq!(ledger, "two\nthree\n", "{said}");
    assert!(
        said.contains("Summary: 3 succeeded, 0 failed, 0 skipped."),
        "{said}"
    );
    assert!(said.contains("code 3\n"), "{said}");
    assert!(said.contains("the database cannot be written: "), "{said}");
    assert!(said.contains("the next start brings it in"), "{said}");
    assert!(said.contains("then 0\n"), "{said}");
    let record: Value = serde_json::from_slice(&fs::read(place.path("show.json")).unwrap()).unwrap();
    assert_eq!(
        (&record["state"], &record["succeeded"]),
        (&"finished".into(), &3.into())
    );
    assert_eq!(integrity(&place), "ok");
}

/// A limit of file size is met by logs and database alike, and needs no privilege.
#[test]
fn a_limit_of_file_size_ends_no_run_and_breaks_no_file() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [append, ledger, one]}
      - {command: fake, schedule: daily, args: [flood, "4000000", lines, append, ledger, two]}
      - {command: fake, schedule: daily, args: [out, last words, append, ledger, three]}
"#,
    );
    // 1 MiB: blocks are of 512 bytes (sh(1p)).
    let output = shell(
        &place,
        &mut Command::new("sh"),
        "ulimit -f 2048
         $orchestrate run --schedule daily --summary-file summary.json -q; echo code $?
         $orchestrate logs last; echo logs $?
         cp .orchestrate/orchestrate.db* .",
    );
    let said = said(&output);
    let ledger = fs::read_to_string(place.path("ledger")).unwrap_or_default();
    assert_eq!(ledger, "one\ntwo\nthree\n", "{said}");
    assert!(said.contains("code 0\n") && said.contains("logs 0\n"));
    assert!(said.contains("2-fake.log is incomplete: File too large"));
    assert!(said.contains("last words"));
    let summary: Value = serde_json::from_slice(&fs::read(place.path("summary.json")).unwrap()).unwrap();
    assert_eq!(
        (&summary["succeeded"], &summary["tasks"][1]["truncated"]),
        (&3.into(), &true.into())
    );
    assert_eq!(integrity(&place), "ok");
}

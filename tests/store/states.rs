//! What collectors keep for their next run, seen and mended by people: on both databases.

use std::fs::{self, File};
use std::io::Write;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use orchestrator::store::Store;
use serde_json::{Value, json};

use crate::cluster::cluster;
use crate::records::{delivery, shelf, state};
use crate::run_events::{Home, at};
use crate::support::{Place, Running, Seen, wait_until};

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: keeps, schedule: daily}
      - {command: keeps, name: early, schedule: daily}
      - {command: fake, schedule: daily, args: [out, hello]}
  h:
    default_time: "04:10"
    tasks:
      - {command: keeps, schedule: daily}
"#;

/// A collector that says what it is given, and leaves a state where it is given none.
fn place(schedule: &str) -> Place {
    let place = Place::new(schedule);
    place.script(
        "keeps",
        "#!/bin/sh\n\
         echo \"given: ${ORCHESTRATE_STATE-nothing}\"\n\
         test -n \"$ORCHESTRATE_STATE\" || \
         printf '{\"type\":\"state\",\"data\":{\"of\":\"%s\"}}\\n' \"$ORCHESTRATE_TASK\" >>\"$ORCHESTRATE_EVENTS\"\n",
    );
    place
}

/// The file in the installation that is given as standard input, where it is there.
const INPUT: &str = "input";

/// On either database: the program in an installation, beside which others may run.
fn on_each(schedule: &str, test: impl Fn(&Installation)) {
    for url in ["sqlite:own.db".to_owned(), cluster().database()] {
        let installation = Installation {
            place: place(schedule),
            url,
        };
        test(&installation);
        installation.place.wait_until_gone();
    }
}

struct Installation {
    place: Place,
    url: String,
}

impl Installation {
    fn start(&self, args: &[&str]) -> Running {
        let mut command = self
            .place
            .command(&[args, &["--database-url", &self.url]].concat());
        if let Ok(input) = File::open(self.place.path(INPUT)) {
            command.stdin(input);
        }
        self.place.start(&mut command)
    }

    fn run(&self, args: &[&str]) -> Seen {
        let output = self.start(args).wait_with_output();
        Seen {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn what_a_collector_keeps_is_seen_set_and_taken_away() {
    on_each(SCHEDULE, |here| {
        let run = |args: &[&str]| here.run(args);
        run(&["run", "--schedule", "daily"])
            .exits(0)
            .says("[g/early] given: nothing");
        let mut list = run(&["state", "list", "--format", "json"]).exits(0).json();
        for state in list.as_array_mut().unwrap() {
            let at = state.as_object_mut().unwrap().remove("at").unwrap();
            let _: jiff::Timestamp = at.as_str().unwrap().parse().unwrap();
        }
        let row = |group: &str, name: &str| json!({"group": group, "name": name, "command": "keeps", "bytes": 7 + name.len() + 2});
        assert_eq!(
            list,
            json!([row("g", "early"), row("g", "keeps"), row("h", "keeps")])
        );
        let table = run(&["state", "list"]).exits(0).stdout.clone();
        assert_eq!(table.lines().count(), 4, "{table}");
        run(&["state", "list"]).says("g/early");

        let shown = |task: &str| run(&["state", "show", task, "--format", "json"]).exits(0).json();
        let mut early = shown("g/early");
        assert!(early.as_object_mut().unwrap().remove("at").unwrap().is_string());
        assert_eq!(
            early,
            json!({"group": "g", "name": "early", "command": "keeps", "bytes": 14, "data": {"of": "early"}})
        );
        // A name that one task has, and a command that one task has.
        assert_eq!(shown("early")["data"]["of"], "early");
        assert_eq!(
            shown("g/fake"),
            json!({"group": "g", "name": "fake", "command": "fake", "bytes": 0, "at": null, "data": null})
        );
        let nothing = run(&["state", "show", "fake"]);
        nothing.exits(0).says("g/fake keeps nothing for its next run");
        assert_eq!(nothing.stdout, "");

        // Only that task's; what is printed can be given back.
        run(&["state", "set", "g/early", r#"{"of": "hand", "n": [1, 2.50]}"#])
            .exits(0)
            .says("g/early keeps 25 bytes for its next run");
        assert_eq!(
            run(&["state", "show", "early"]).stdout,
            "{\n  \"n\": [\n    1,\n    2.5\n  ],\n  \"of\": \"hand\"\n}\n"
        );
        run(&["state", "clear", "h/keeps"])
            .exits(0)
            .says("h/keeps begins without a state next time");
        run(&["state", "clear", "h/keeps"])
            .exits(0)
            .says("h/keeps has no state");
        run(&["run", "--schedule", "daily"])
            .exits(0)
            .says("[g/keeps] given: {\"of\":\"keeps\"}")
            .says(r#"[g/early] given: {"n":[1,2.5],"of":"hand"}"#)
            .says("[h/keeps] given: nothing");
    });
}

#[test]
fn who_is_meant_is_one_task_or_it_is_asked_back() {
    on_each(SCHEDULE, |here| {
        let run = |args: &[&str]| here.run(args);
        run(&["run", "--schedule", "daily"]).exits(0);
        for verb in [&["show"][..], &["set"], &["clear"]] {
            let on = |task: &str| {
                let mut args = vec!["state", verb[0], task];
                args.extend((verb[0] == "set").then_some("7"));
                run(&args)
            };
            on("g/eraly")
                .exits(2)
                .says("there is no collector \"g/eraly\"")
                .says("did you mean g/early?");
            on("kepes").exits(2).says("did you mean keeps?");
            on("keeps")
                .exits(2)
                .says("more than one group has \"keeps\"")
                .says("name one of them: g/keeps, h/keeps");
        }
        let list = run(&["state", "list", "--format", "json"]).json();
        assert_eq!(list.as_array().unwrap().len(), 3, "nothing was changed: {list}");
    });
}

#[test]
fn a_state_by_hand_is_judged_as_one_that_is_delivered() {
    on_each(SCHEDULE, |here| {
        let (place, run) = (&here.place, |args: &[&str]| here.run(args));
        fs::write(place.path("config/orchestrator.yaml"), "secrets: [TOKEN]\n").unwrap();
        fs::write(place.path(".env"), "TOKEN=hush-hush\n").unwrap();
        run(&["db", "migrate"]).exits(0);
        let set = |json: &str| run(&["state", "set", "g/keeps", json]);
        for (json, words) in [
            ("", "the state is empty"),
            ("null", "null is no state"),
            ("{\"a\":", "the state is not JSON"),
            ("{} {}", "the state is not JSON"),
        ] {
            set(json).exits(2).says(words).says("orchestrate state clear");
        }
        set(r#"{"t":"hush\u002dhush"}"#)
            .exits(0)
            .says("warning: the value of a secret is in the state");
        let shown = run(&["state", "show", "g/keeps"]);
        assert_eq!(shown.stdout, "{\n  \"t\": \"***\"\n}\n");
        // Nothing on a terminal is obeyed, and it stays what it is.
        set("{\"x\":\"\u{202e}\u{9b}31m\"}").exits(0);
        let shown = run(&["state", "show", "g/keeps"]).stdout;
        assert_eq!(shown, "{\n  \"x\": \"\\u202e\\u009b31m\"\n}\n");

        let given = |bytes: usize| -> Seen {
            let text = format!("\"{}\"", "x".repeat(bytes - 2));
            fs::write(place.path(INPUT), text).unwrap();
            run(&["state", "set", "g/keeps"])
        };
        given(64 << 10).exits(0).says("g/keeps keeps 65536 bytes");
        given((64 << 10) + 1)
            .exits(2)
            .says("the state has 65537 bytes, and 65536 is the limit");
        given(2 << 20).exits(2).says("larger than 1048576 bytes");
    });
}

#[test]
fn nothing_is_changed_under_a_run_that_has_the_task() {
    const BUSY: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: keeps, schedule: daily}
      - {command: fake, name: busy, schedule: daily, args: [touch, started, fifo-read, go]}
      - {command: keeps, name: later, schedule: daily}
"#;
    on_each(BUSY, |here| {
        let (place, run) = (&here.place, |args: &[&str]| here.run(args));
        mkfifo(&place.path("go"), Mode::S_IRWXU).unwrap();
        let goes_on = here.start(&["run", "--schedule", "daily"]);
        wait_until("the second collector to be recorded", || {
            let refused = run(&["state", "clear", "g/busy"]);
            refused.code == Some(2) && refused.stderr.contains("g/busy runs in run ")
        });
        for (task, words) in [
            ("busy", "g/busy runs in run "),
            ("later", "g/later is about to run in run "),
        ] {
            for verb in [&["state", "set", task, "7"][..], &["state", "clear", task]] {
                run(verb).exits(2).says(words).says("orchestrate cancel ");
            }
        }
        // What it has finished is nobody's any more.
        run(&["state", "set", "g/keeps", "\"by hand\""]).exits(0);
        let mut go = fs::OpenOptions::new().write(true).open(place.path("go")).unwrap();
        go.write_all(b".").unwrap();
        drop(go);
        assert!(goes_on.wait_with_output().status.success());
        let shown = |task: &str| run(&["state", "show", task, "--format", "json"]).json()["data"].clone();
        assert_eq!(shown("g/keeps"), "by hand");
        assert_eq!(shown("g/later"), json!({"of": "later"}));
        run(&["state", "set", "g/later", "7"]).exits(0);
        assert_eq!(shown("g/later"), Value::from(7));
    });
}

on_both!(what_is_set_is_newer_than_what_was_on_its_way);

async fn what_is_set_is_newer_than_what_was_on_its_way(home: &Home) {
    let store = Store::open(home.url.as_deref(), home.path()).await.unwrap();
    let deliver = async |run: &str, second: i64| {
        let event = format!("{{\"type\":\"state\",\"data\":\"of {run}\"}}\n");
        let delivery = delivery(home, run, second, &event);
        shelf(&store).ingest(home.path(), &delivery).await.unwrap();
    };
    let set = async |second: i64| {
        let set = shelf(&store);
        let state = format!("\"set at {second}\"");
        set.set_state(("g", "c"), "c", &state, at(second)).await.unwrap();
    };
    set(5).await;
    deliver("late", 3).await;
    assert_eq!(state(&store).await.as_deref(), Some("\"set at 5\""));
    deliver("next", 7).await;
    assert_eq!(state(&store).await.as_deref(), Some("\"of next\""));
    assert!(shelf(&store).clear_state("g", "c", at(9)).await.unwrap());
    assert!(!shelf(&store).clear_state("g", "c", at(9)).await.unwrap());
    deliver("cleared", 8).await;
    assert_eq!(state(&store).await, None);
    assert_eq!(shelf(&store).kept_states().await.unwrap(), []);
    // A clock that was set back takes no right away, and gives none to what is older.
    set(2).await;
    assert_eq!(state(&store).await.as_deref(), Some("\"set at 2\""));
    deliver("older", 8).await;
    assert_eq!(state(&store).await.as_deref(), Some("\"set at 2\""));
    let kept = shelf(&store).kept_states().await.unwrap();
    assert_eq!((kept.len(), kept[0].bytes, kept[0].at), (1, 10, at(9)));
    assert!(!shelf(&store).clear_state("g", "other", at(9)).await.unwrap());
    store.close().await;
}

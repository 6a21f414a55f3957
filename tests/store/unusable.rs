//! Databases that cannot be used as they are: every verb says so, `health` included, and names
//! the way out.

use std::fs;

use sqlx::Connection;

use crate::both::runtime;
use crate::cluster::{cluster, name_of};
use crate::support::{Place, outcomes};

const SCHEDULE: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: note, schedule: daily}
"#;

fn place() -> Place {
    let place = Place::new(SCHEDULE);
    place.script("note", "#!/bin/sh\necho here\n");
    place
}

/// On either database: the installation, its URL, and what sends SQL to it.
fn on_each(test: impl Fn(&dyn Fn(&[&str]) -> crate::support::Seen, &dyn Fn(&str))) {
    let place = place();
    let file = place.path("own.db");
    let sqlite = format!("sqlite:{}", file.display());
    let sql = |text: &str| {
        runtime().block_on(async {
            let mut connection = sqlx::SqliteConnection::connect(&sqlite).await.unwrap();
            let text = sqlx::raw_sql(sqlx::AssertSqlSafe(text));
            text.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        });
    };
    test(
        &|verb| place.run(&[verb, &["--database-url", &sqlite]].concat()),
        &sql,
    );
    let server = cluster().database();
    let sql = |text: &str| drop(cluster().psql(name_of(&server), text));
    test(
        &|verb| place.run(&[verb, &["--database-url", &server]].concat()),
        &sql,
    );
}

fn is_refused(run: &dyn Fn(&[&str]) -> crate::support::Seen, words: &str) {
    let verbs: [&[&str]; 19] = [
        &["health"],
        &["history"],
        &["history", "--collector", "note", "--stats"],
        &["status"],
        &["status", "--format", "json"],
        &["show", "last"],
        &["logs"],
        &["logs", "note"],
        &["why", "note"],
        &["records", "list"],
        &["records", "show", "c"],
        &["records", "export", "c"],
        &["state", "list"],
        &["state", "show", "note"],
        &["release", "list"],
        &["notices", "list"],
        &["check"],
        &["next"],
        &["next", "--format", "json"],
    ];
    for verb in verbs {
        run(verb).exits(3).says(words);
    }
    let health = run(&["health", "--format", "json"]).json();
    assert_eq!(health["ok"], false, "{health}");
    assert!(
        health["problems"][0].as_str().unwrap().contains(words),
        "{health}"
    );
}

#[test]
fn one_of_a_newer_version() {
    on_each(|run, sql| {
        run(&["db", "migrate"]).exits(0);
        sql(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (9999, 'future', true, 'x', 0)",
        );
        is_refused(
            run,
            "it has migration 9999, which this version of orchestrate does not know",
        );
        run(&["run", "--schedule", "daily"])
            .exits(3)
            .says("migration 9999");
    });
}

#[test]
fn one_whose_step_is_another() {
    on_each(|run, sql| {
        run(&["db", "migrate"]).exits(0);
        sql("update _sqlx_migrations set checksum = 'x' where version = 3");
        is_refused(
            run,
            "its migration 3 is not the one that this version of orchestrate has",
        );
        run(&["run", "--schedule", "daily"])
            .exits(3)
            .says("its migration 3");
    });
}

#[test]
fn one_that_has_lost_a_table() {
    on_each(|run, sql| {
        run(&["db", "migrate"]).exits(0);
        sql("drop table notices");
        is_refused(run, "its table notices is gone");
        run(&["run", "--schedule", "daily"])
            .exits(3)
            .says("its table notices is gone");
    });
}

#[test]
fn one_that_lacks_a_step() {
    on_each(|run, sql| {
        run(&["db", "migrate"]).exits(0);
        sql(
            "drop view readable_runs; drop view readable_tasks; drop view readable_attempts;
             drop view readable_slots; delete from _sqlx_migrations where version = 10",
        );
        is_refused(run, "orchestrate db migrate");
        run(&["db", "status"]).exits(0).says("0010 readable missing");
        run(&["db", "migrate"]).exits(0).says("1 of them new");
        run(&["health"]).exits(0);
    });
}

#[test]
fn one_that_is_gone_while_its_journals_are_there() {
    let place = place();
    place.run(&["run", "--schedule", "daily"]).exits(0);
    let before = place.last();
    fs::remove_file(place.state().join("orchestrate.db")).unwrap();
    let way = "orchestrate db import-journal --all makes it again of them";
    let verbs: [&[&str]; 7] = [
        &["history"],
        &["show", "last"],
        &["why", "note"],
        &["next"],
        &["health"],
        &["check"],
        &["db", "status"],
    ];
    for verb in verbs {
        place
            .run(verb)
            .exits(3)
            .says("the journals of 1 run are in .orchestrate/runs")
            .says(way)
            .says_not("No runs.");
    }
    assert!(!place.state().join("orchestrate.db").exists());
    // Whoever writes goes on, and says what is missing.
    place.run(&["run", "--schedule", "daily"]).exits(0).says(way);
    place
        .run(&["db", "import-journal", "--all"])
        .exits(0)
        .says("1 run brought in");
    let run = before["run"].as_str().unwrap();
    assert_eq!(place.run(&["show", run, "--format", "json"]).json(), before);
}

#[test]
fn one_that_is_removed_during_a_run() {
    let place = place();
    place.script(
        "note",
        "#!/bin/sh\nrm -f .orchestrate/orchestrate.db*\necho removed\n",
    );
    place
        .run(&["run", "--schedule", "daily"])
        .exits(3)
        .says("Summary: 1 succeeded")
        .says("orchestrate db import-journal");
    assert!(
        !place.state().join("orchestrate.db").exists(),
        "no empty one in its place"
    );
    place.run(&["history"]).exits(3).says("import-journal --all");
    place
        .run(&["db", "import-journal", "--all"])
        .exits(0)
        .says("1 run brought in");
    let last = place.last();
    assert_eq!(outcomes(&last), [("note".to_owned(), "succeeded".to_owned())]);
}

#[test]
fn one_that_is_replaced_during_a_run() {
    let place = place();
    place.script(
        "note",
        "#!/bin/sh\ncp .orchestrate/orchestrate.db other\nmv other .orchestrate/orchestrate.db\necho replaced\n",
    );
    let seen = place.run(&["run", "--schedule", "daily"]);
    seen.exits(3)
        .says("Summary: 1 succeeded")
        .says("orchestrate.db was replaced by another file while this process used it")
        .says("orchestrate db import-journal --all");
    place
        .run(&["db", "import-journal", "--all"])
        .exits(0)
        .says("1 run brought in");
    assert_eq!(
        outcomes(&place.last()),
        [("note".to_owned(), "succeeded".to_owned())]
    );
}

/// What is no regular file is named, nothing is waited for, and nothing is put beside it.
#[test]
fn one_that_is_no_file() {
    let place = place();
    let [fifo, folder] = ["fifo", "folder"].map(|name| place.path(name));
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::create_dir(&folder).unwrap();
    for (name, what) in [
        (fifo.to_str().unwrap(), "a FIFO"),
        (folder.to_str().unwrap(), "a directory"),
        ("/dev/null", "a device"),
    ] {
        for verb in [
            &["run", "--schedule", "daily"][..],
            &["history"],
            &["beat"],
            &["health"],
        ] {
            let url = format!("sqlite:{name}");
            let seen = place.run(&[verb, &["--database-url", &url]].concat());
            seen.exits(3).says(&format!("it is {what} and no regular file"));
        }
        assert!(!std::path::Path::new(&format!("{name}.lock")).exists(), "{name}");
    }
}

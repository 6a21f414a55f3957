//! Verbs that only look change nothing, wherever they look: what is there before is there
//! afterwards, byte by byte, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{Uid, User};
use serde_json::json;
use sqlx::Connection;

use crate::both::runtime;
use crate::cluster::{cluster, name_of};
use crate::support::{ORCHESTRATE, Place};

pub(crate) const LOOKS: [&[&str]; 22] = [
    &["history"],
    &["history", "--format", "json"],
    &["history", "--collector", "fake", "--stats"],
    &["show", "last", "--format", "json"],
    &["logs", "last"],
    &["why", "fake"],
    &["next"],
    &["plan", "--schedule", "daily"],
    &["plan", "--schedule", "on_release"],
    &["run", "--schedule", "daily", "--dry-run"],
    &["check"],
    &["health"],
    &["records", "list", "--format", "json"],
    &["records", "show", "c", "--format", "json"],
    &["records", "export", "c"],
    &["state", "list", "--format", "json"],
    &["state", "show", "fake"],
    &["status"],
    &["status", "--format", "json"],
    &["release", "list"],
    &["notices", "list"],
    &["db", "status"],
];

fn place() -> Place {
    let place = Place::new(
        r#"
release: {command: fake, args: [out, "1.0"]}
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily, args: [out, hello]}
      - {command: brings, schedule: daily}
      - {command: fake, name: syncs, schedule: on_release, args: [out, hello]}
"#,
    );
    place.script(
        "brings",
        "#!/bin/sh\necho '{\"type\":\"record\",\"collection\":\"c\",\"key\":\"k\",\"data\":{}}' >>\"$ORCHESTRATE_EVENTS\"\n",
    );
    place
}

/// Every file below, with its bytes.
fn files(place: &Place) -> BTreeMap<PathBuf, Vec<u8>> {
    fn gather(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                found.insert(
                    path.clone(),
                    fs::read_link(&path)
                        .unwrap()
                        .into_os_string()
                        .into_encoded_bytes(),
                );
            } else if path.is_dir() {
                found.insert(path.clone(), Vec::new());
                gather(&path, found);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    gather(place.dir.path(), &mut found);
    found
}

fn sqlite(file: &Path, sql: &str) {
    runtime().block_on(async {
        let url = format!("sqlite:{}?mode=rwc", file.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let text = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        text.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// What there is in a database of the server that is not the server's own.
pub(crate) fn catalogue(database: &str) -> String {
    cluster().psql(
        database,
        "select 'schema ' || nspname from pg_namespace where nspname not like 'pg\\_%' union all
         select 'relation ' || n.nspname || '.' || relname || ' ' || cast(relkind as text) from pg_class c
             join pg_namespace n on n.oid = relnamespace
             where nspname not like 'pg\\_%' and nspname <> 'information_schema' union all
         select 'function ' || n.nspname || '.' || proname from pg_proc p
             join pg_namespace n on n.oid = pronamespace
             where nspname not like 'pg\\_%' and nspname <> 'information_schema'
         order by 1",
    )
}

#[test]
fn where_nothing_is_nothing_is_made() {
    let place = place();
    let before = files(&place);
    for verb in LOOKS {
        let seen = place.run(verb);
        seen.exits(0);
        assert_eq!(files(&place), before, "{verb:?}");
        match verb[0] {
            "plan" | "run" => {}
            "check" => {
                seen.says("the state directory .orchestrate is not there yet")
                    .says("there is no database yet");
            }
            _ => {
                assert_eq!(
                    seen.stderr, "There is no database yet: sqlite:.orchestrate/orchestrate.db.\n",
                    "{verb:?}"
                );
            }
        }
    }
    let json = |verb: &[&str]| place.run(&[verb, &["--format", "json"]].concat()).json();
    assert_eq!(json(&["history"]), json!([]));
    assert_eq!(json(&["show", "last"]), json!(null));
    assert_eq!(json(&["records", "list"]), json!([]));
    assert_eq!(json(&["release", "list"]), json!([]));
    assert_eq!(json(&["notices", "list"]), json!([]));
    assert_eq!(json(&["health"])["ok"], true);
    assert_eq!(json(&["next"])[0]["tasks"][0]["last"], json!(null));
    assert_eq!(json(&["why", "fake"])[0]["command"], "fake");
    assert_eq!(json(&["db", "status"])["migrations"][0]["applied"], false);
    place
        .run(&["health", "--beat"])
        .exits(3)
        .says("no scheduler is there");
    assert_eq!(files(&place), before);
}

#[test]
fn a_file_of_another_program_is_refused_and_stays_as_it_is() {
    let place = place();
    let url = ["--database-url", "sqlite:app.db"];
    let file = place.path("app.db");
    sqlite(
        &file,
        "create table tasks (id integer); insert into tasks values (7)",
    );
    let before = files(&place);
    let writes: [&[&str]; 3] = [
        &["run", "--schedule", "daily"],
        &["pause", "g"],
        &["db", "migrate"],
    ];
    for verb in LOOKS.iter().chain(&writes) {
        let seen = place.run(&[*verb, &url].concat());
        if verb[0] == "plan" || verb.contains(&"--dry-run") {
            seen.exits(0);
        } else {
            seen.exits(3).says("has tables that are not ours (tasks)");
        }
        let mut after = files(&place);
        if writes.contains(verb) {
            // Who wants to write makes a state directory; nothing is put beside another's file.
            after.retain(|path, _| before.contains_key(path) || !path.starts_with(place.state()));
        }
        assert_eq!(after, before, "{verb:?}");
        let _ = fs::remove_dir_all(place.state());
    }
    // Beside others only where no name is taken.
    let here = ["db", "migrate", "--here"];
    place
        .run(&[&here, &url[..]].concat())
        .exits(3)
        .says("it has a table tasks of another program");
    assert_eq!(fs::read(&file).unwrap(), before[&file]);
    fs::remove_file(&file).unwrap();
    sqlite(
        &file,
        "create table _sqlx_migrations (version bigint primary key, description text not null,
             installed_on timestamp, success boolean not null, checksum blob not null, execution_time bigint);
         insert into _sqlx_migrations values (1, 'theirs', null, true, x'00', 1)",
    );
    place
        .run(&[&here, &url[..]].concat())
        .exits(3)
        .says("another program keeps its migrations in it");
    fs::remove_file(&file).unwrap();
    sqlite(&file, "create table article (id integer)");
    place
        .run(&[&["run", "--schedule", "daily"], &url[..]].concat())
        .exits(3);
    place
        .run(&[&here, &url[..]].concat())
        .exits(0)
        .says("of them new");
    place
        .run(&[&["run", "--schedule", "daily"], &url[..]].concat())
        .exits(0);
    assert_eq!(
        place
            .run(&[&["history"], &url[..]].concat())
            .exits(0)
            .stdout
            .lines()
            .count(),
        2
    );
}

/// The library's name for its table, and not its table.
#[test]
fn a_table_that_only_has_the_name_of_migrations_is_another_programs() {
    let place = place();
    let url = cluster().database();
    let database = name_of(&url).to_owned();
    cluster().psql(
        &database,
        "create table public._sqlx_migrations (version bigint, name text)",
    );
    let on_server = |verb: &[&str]| place.run(&[verb, &["--database-url", &url]].concat());
    on_server(&["check"]).exits(0);
    on_server(&["run", "--schedule", "daily"]).exits(0);
    on_server(&["history"]).exits(0);

    let file = place.path("theirs.db");
    let sqlite_url = format!("sqlite:{}", file.display());
    let on_file = |verb: &[&str]| place.run(&[verb, &["--database-url", &sqlite_url]].concat());
    sqlite(&file, "create table _sqlx_migrations (v int)");
    let before = fs::read(&file).unwrap();
    on_file(&["history"]).exits(3).says("_sqlx_migrations");
    on_file(&["run", "--schedule", "daily"]).exits(3);
    on_file(&["db", "migrate", "--here"])
        .exits(3)
        .says("another program keeps its migrations in it");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_server_of_another_program_stays_as_it_is_and_ours_go_beside() {
    let place = place();
    let url = cluster().database();
    let database = name_of(&url).to_owned();
    cluster().psql(
        &database,
        "create table public.tasks (id int primary key, title text);
         insert into public.tasks values (1, 'theirs');
         create table public.records (id int); create view public.collections as select 1 as one;
         create table public._sqlx_migrations (version bigint primary key, description text not null,
             installed_on timestamptz not null default now(), success boolean not null,
             checksum bytea not null, execution_time bigint not null);
         insert into public._sqlx_migrations values (1, 'theirs', now(), true, 'x', 1);
         create function public.refuse_change() returns int language sql as 'select 1'",
    );
    let before = catalogue(&database);
    let on_server = |verb: &[&str]| place.run(&[verb, &["--database-url", &url]].concat());
    for verb in LOOKS {
        on_server(verb).exits(0);
        assert_eq!(catalogue(&database), before, "{verb:?}");
    }
    assert!(!place.state().exists());
    on_server(&["run", "--schedule", "daily"]).exits(0);
    on_server(&["pause", "g"]).exits(0);
    let after = catalogue(&database);
    let others: Vec<&str> = after
        .lines()
        .filter(|line| !line.contains("orchestrate"))
        .collect();
    assert_eq!(others, before.lines().collect::<Vec<_>>());
    assert!(after.contains("relation orchestrate.tasks r\n"), "{after}");
    assert_eq!(
        cluster().psql(&database, "select title from public.tasks"),
        "theirs\n"
    );
    let state = files(&place);
    for verb in LOOKS {
        on_server(verb).exits(0);
        assert_eq!(catalogue(&database), after, "{verb:?}");
        assert_eq!(files(&place), state, "{verb:?}");
    }
}

#[test]
fn our_own_database_is_left_as_it_is_by_those_who_look() {
    let place = place();
    place.run(&["run", "--schedule", "daily"]).exits(0);
    let before = files(&place);
    assert!(!place.state().join("orchestrate.db-wal").exists());
    for verb in LOOKS {
        place.run(verb).exits(0);
        assert_eq!(files(&place), before, "{verb:?}");
    }
}

/// As root the tests can be somebody else; otherwise they can only take away their own rights.
#[test]
fn who_may_only_read_can_look_also_while_somebody_writes() {
    let place = place();
    place.run(&["run", "--schedule", "daily"]).exits(0);
    let readable = |directory: u32, file: u32| {
        fs::set_permissions(place.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for (path, _) in files(&place) {
            if !path.is_symlink() && !path.starts_with(place.path("collectors")) {
                let mode = if path.is_dir() { directory } else { file };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
    };
    let root = Uid::effective().is_root();
    let look = |args: &[&str]| {
        let mut command = place.command(args);
        if root {
            let nobody = User::from_name("nobody").unwrap().unwrap();
            command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let verbs: [&[&str]; 11] = [
        &["status"],
        &["state", "list"],
        &["state", "show", "fake"],
        &["history"],
        &["show", "last"],
        &["logs", "last"],
        &["why", "fake"],
        &["next"],
        &["records", "export", "c"],
        &["health"],
        &["db", "status"],
    ];
    let (directory, file) = if root { (0o755, 0o644) } else { (0o555, 0o444) };
    readable(directory, file);
    for verb in verbs {
        look(verb);
    }
    readable(0o755, 0o644);
    runtime().block_on(async {
        let url = format!("sqlite:{}", place.state().join("orchestrate.db").display());
        let mut writer = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let text = "insert into pauses (group_name, paused_at) values ('g', 1000000)";
        sqlx::raw_sql(text).execute(&mut writer).await.unwrap();
        assert!(place.state().join("orchestrate.db-wal").exists());
        readable(directory, file);
        for verb in verbs {
            look(verb);
        }
        assert!(
            look(&["next"]).contains("g (paused)"),
            "what is in the log counts"
        );
        readable(0o755, 0o644);
        writer.close().await.unwrap();
    });
}

/// Needs a mount namespace of its own, which not every machine gives.
#[test]
fn a_read_only_mount_can_be_looked_at() {
    let place = place();
    place.run(&["run", "--schedule", "daily"]).exits(0);
    let script = "mount --bind . . && mount -o remount,bind,ro . && cd \"$PWD\" || exit 77
        ! touch x 2>/dev/null || exit 77
        for verb in history 'show last' 'logs last' 'why fake' next 'records export c' 'db status' \
            status 'state list' 'state show g/fake'
        do \"$orchestrate\" $verb || exit 1; done
        for verb in health check; do \"$orchestrate\" $verb; test $? = 3 || exit 1; done";
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .env("orchestrate", ORCHESTRATE)
        .current_dir(place.dir.path())
        .output();
    match output {
        Ok(output) if output.status.code() == Some(0) => {}
        Ok(output) if output.status.code() == Some(1) => panic!("{output:?}"),
        other => eprintln!("SKIPPED: no mount namespace: {other:?}"),
    }
}

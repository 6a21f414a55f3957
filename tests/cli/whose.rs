//! Whose database: which one is ours, and what of it a collector sees.

use std::fs;

use crate::support::{Place, Seen};

/// The collector says what `DATABASE_URL` it has, and asks us back from a directory whose
/// `.env` means somebody else's databases.
fn place(settings: &str, dotenv: &str) -> Place {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: tells, schedule: daily, working_directory: elsewhere}
"#,
    );
    place.script(
        "tells",
        "#!/bin/sh\necho \"it has ${DATABASE_URL-nothing} and ${ORCHESTRATE_DATABASE_URL-nothing}\"\n\"$ORCHESTRATE\" db status | head -1\n",
    );
    fs::write(place.path("config/orchestrator.yaml"), settings).unwrap();
    fs::write(place.path(".env"), dotenv).unwrap();
    fs::create_dir(place.path("elsewhere")).unwrap();
    fs::write(
        place.path("elsewhere/.env"),
        "DATABASE_URL=sqlite:wrong.db\nORCHESTRATE_DATABASE_URL=sqlite:wrong.db\n",
    )
    .unwrap();
    place
}

fn with(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Seen {
    let mut command = place.command(args);
    place.see(place.start(command.envs(variables.iter().copied())))
}

const APPLICATION: &str = "mysql://app:pw@db/app";
const FALLBACK: &str = "fallback: [sh, \"{command}\"]\n";

#[test]
fn ours_is_found_and_an_applications_reaches_its_collectors() {
    let state = ".orchestrate/orchestrate.db";
    let allow = format!("{FALLBACK}env_allow: [NOTHING_ELSE]\n");
    let dotenv = format!("DATABASE_URL={APPLICATION}\n");
    let application = ("DATABASE_URL", APPLICATION);
    let own = ("ORCHESTRATE_DATABASE_URL", "sqlite:own.db");
    // Settings, .env, variables, flag; what the collector has, and our file.
    for (settings, dotenv, variables, flag, has, file) in [
        ("", "", &[][..], None, "nothing", state),
        (
            "",
            "",
            &[("DATABASE_URL", "sqlite:own.db")],
            None,
            "nothing",
            "own.db",
        ),
        ("", "", &[application, own], None, APPLICATION, "own.db"),
        (
            "",
            "ORCHESTRATE_DATABASE_URL=sqlite:own.db\n",
            &[application],
            None,
            APPLICATION,
            "own.db",
        ),
        (
            "database_url: sqlite:own.db\n",
            &dotenv,
            &[],
            None,
            APPLICATION,
            "own.db",
        ),
        (
            "database_url: sqlite:other.db\n",
            "",
            &[application, own],
            None,
            APPLICATION,
            "own.db",
        ),
        (
            "",
            "",
            &[application],
            Some("sqlite:own.db"),
            APPLICATION,
            "own.db",
        ),
        (FALLBACK, "", &[application], None, APPLICATION, state),
        (FALLBACK, &dotenv, &[], None, APPLICATION, state),
        (&allow, &dotenv, &[], None, APPLICATION, state),
        (FALLBACK, "", &[application, own], None, APPLICATION, "own.db"),
    ] {
        let case = format!("{settings:?} {dotenv:?} {variables:?} {flag:?}");
        let place = place(settings, dotenv);
        let mut run = vec!["run", "--schedule", "daily"];
        run.extend(flag.iter().flat_map(|url| ["--database-url", *url]));
        let seen = with(&place, &run, variables);
        assert_eq!(seen.code, Some(0), "{case}: {seen:#?}");
        assert!(
            seen.stderr.contains(&format!("it has {has} and nothing")),
            "{case}: {seen:#?}"
        );
        let ours = format!(
            "sqlite:{}\n",
            fs::canonicalize(place.path(file)).unwrap().display()
        );
        assert!(
            seen.stderr.contains(&ours),
            "what it asks back: {case}: {seen:#?}"
        );
        for other in [
            state,
            "own.db",
            "other.db",
            "elsewhere/wrong.db",
            "elsewhere/own.db",
        ] {
            assert_eq!(place.path(other).exists(), other == file, "{other}: {case}");
        }
    }
}

#[test]
fn check_says_once_that_collectors_do_not_get_ours() {
    let place = place("", "");
    let words = "name ours ORCHESTRATE_DATABASE_URL, and DATABASE_URL reaches the collectors";
    let ours = [("DATABASE_URL", "sqlite:own.db")];
    with(&place, &["check"], &ours)
        .exits(0)
        .says("warning[W306-database-url]")
        .says(words);
    place.run(&["check"]).exits(0).says_not(words);
    fs::write(place.path("config/orchestrator.yaml"), FALLBACK).unwrap();
    with(&place, &["check"], &ours).exits(0).says_not(words);
}

#[test]
fn three_slashes_mean_the_file_that_has_our_tables() {
    let place = place("", "");
    let url = [("DATABASE_URL", "sqlite:///hist.db")];
    for verb in [&["history"][..], &["run", "--schedule", "daily"]] {
        with(&place, verb, &url)
            .exits(2)
            .says("/hist.db to some programs and hist.db to others, and neither has our tables")
            .says("ORCHESTRATE_DATABASE_URL=sqlite:/hist.db or ORCHESTRATE_DATABASE_URL=sqlite:hist.db");
    }
    assert!(!place.path("hist.db").exists());
    place
        .run(&["db", "migrate", "--database-url", "sqlite://hist.db?mode=rwc"])
        .exits(0);
    assert!(place.path("hist.db").exists());
    with(&place, &["run", "--schedule", "daily"], &url).exits(0);
    let seen = with(&place, &["history"], &[("DATABASE_URL", "sqlite:hist.db")]);
    assert_eq!(seen.exits(0).stdout.lines().count(), 2);
    // In what names ours they mean what they mean to everybody who writes such URLs.
    let absolute = format!("sqlite://{}", place.path("hist.db").display());
    place.run(&["history", "--database-url", &absolute]).exits(0);
}

#[test]
fn what_nobody_reads_is_refused_by_name() {
    let place = place("", "");
    for (url, words) in [
        (
            "sqlite:x.db?cache=shared",
            "the parameter \"cache\" is not known here",
        ),
        ("sqlite::memory:", "a database in memory remembers nothing"),
        (
            "postgres://h/db?connect_timeout=3",
            "the parameter connect_timeout is not known here",
        ),
        (
            "mysql://me:s3cret@h/db",
            "only sqlite: and postgres:// URLs are supported",
        ),
    ] {
        place
            .run(&["history", "--database-url", url])
            .exits(2)
            .says(words)
            .says("--database-url names it")
            .says_not("s3cret");
    }
    fs::write(
        place.path("config/orchestrator.yaml"),
        "database_schema: public\n",
    )
    .unwrap();
    place
        .run(&["history"])
        .exits(2)
        .says("`database_schema` cannot be `public`")
        .says("that schema is not for our tables alone");
}

#[test]
fn an_unquoted_on_is_warned_of_where_django_reads_it_too() {
    let schedule = |on: &str| {
        format!(
            "groups:\n  g:\n    default_time: \"04:10\"\n    tasks:\n      - {{command: tells, schedule: weekly, {on}: monday}}\n"
        )
    };
    let place = place("", "");
    place.schedule(&schedule("on"));
    place.run(&["check"]).exits(0).says_not("W006");
    fs::write(place.path("config/orchestrator.yaml"), FALLBACK).unwrap();
    place
        .run(&["check"])
        .exits(0)
        .says("W010-unquoted-on")
        .says("write `\"on\":` if Django reads this file, too");
    for quoted in ["\"on\"", "'on'", "day_of_week"] {
        place.schedule(&schedule(quoted));
        place.run(&["check"]).exits(0).says_not("W006");
    }
}

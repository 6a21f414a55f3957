//! What the build of before the great move left behind, on disk and in both databases, is
//! opened by this one, and is what it was: `tests/fixtures/before_house/README.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::both::runtime;
use crate::cluster::cluster;
use crate::support::{Place, Seen};

/// A table or view as it was, with the columns that it had.
#[derive(Deserialize)]
struct Relation {
    relation: String,
    columns: Vec<String>,
    rows: Vec<Value>,
}

/// A command line and what the old build printed.
#[derive(Deserialize)]
struct Answer {
    args: Vec<String>,
    documents: Vec<Value>,
}

/// The fixture, unpacked for one test.
struct House {
    place: Place,
    url: String,
    relations: Vec<Relation>,
    answers: Vec<Answer>,
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/before_house")
}

fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

impl House {
    fn on_sqlite() -> Self {
        Self::unpack("sqlite", |place| {
            format!("sqlite:{}", place.state().join("orchestrate.db").display())
        })
    }

    fn on_postgres() -> Self {
        let dump = fs::read_to_string(fixture().join("postgres/dump.sql")).unwrap();
        let url = cluster().database();
        runtime().block_on(async {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            let dump = sqlx::raw_sql(sqlx::AssertSqlSafe(dump));
            dump.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        });
        Self::unpack("postgres", |_| url)
    }

    fn unpack(database: &str, url: impl FnOnce(&Place) -> String) -> Self {
        let folder = fixture().join(database);
        let place = Place::new("");
        for part in ["config", "collectors"] {
            copy(&fixture().join("installation").join(part), &place.path(part));
        }
        fs::write(place.path("versions.txt"), "1.90.0\n").unwrap();
        let unpacked = Command::new("tar")
            .arg("-xzf")
            .arg(folder.join("state.tar.gz"))
            .arg("--no-same-owner")
            .current_dir(place.path(""))
            .status()
            .unwrap();
        assert!(unpacked.success());
        let house = Self {
            url: url(&place),
            place,
            relations: parse(&folder.join("rows.json")),
            answers: parse(&folder.join("answers.json")),
        };
        house.run(&["db", "migrate"]).exits(0);
        house
    }

    fn run(&self, args: &[&str]) -> Seen {
        self.place.run(&[&["--database-url", &self.url], args].concat())
    }

    /// What a verb prints that starts nothing, so that there is no process to look for.
    fn look(&self, args: &[&str]) -> String {
        let args = [&["--database-url", &self.url], args].concat();
        let output = self.place.command(&args).output().unwrap();
        assert!(output.status.success(), "orchestrate {args:?}: {output:#?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Its rows as they are now, with the columns that it had then.
    fn rows(&self, was: &Relation) -> Vec<Value> {
        let relation = &was.relation;
        let columns = was.columns.iter().map(|column| today(relation, column));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let rows: Vec<(String,)> = runtime().block_on(async {
            if self.url.starts_with("sqlite:") {
                let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
                let sql = format!("select json_array({columns}) from {relation}");
                let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                let rows = rows.fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                rows
            } else {
                let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
                let session = sqlx::raw_sql("set timezone = 'UTC'; set search_path = orchestrate");
                session.execute(&mut connection).await.unwrap();
                let sql = format!("select json_build_array({columns})::text from {relation}");
                let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                let rows = rows.fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                rows
            }
        });
        rows.iter()
            .map(|(row,)| serde_json::from_str(row).unwrap())
            .collect()
    }

    /// Nothing that was in these tables is lost or changed; unless `more` may have come,
    /// there is nothing else either.
    fn has_its_rows(&self, relations: &[&str], more: bool) {
        for was in &self.relations {
            if !relations.is_empty() && !relations.contains(&was.relation.as_str()) {
                continue;
            }
            let now = self.rows(was);
            let (before, after) = (texts(&was.rows), texts(&now));
            let lost: Vec<&String> = before.difference(&after).collect();
            assert!(lost.is_empty(), "lost from {}: {lost:#?}", was.relation);
            let count_is_right = now.len() == was.rows.len() || more && now.len() > was.rows.len();
            let new: Vec<&String> = after.difference(&before).collect();
            assert!(count_is_right, "new in {}: {new:#?}", was.relation);
        }
    }

    /// This build says what the old one said.
    fn answers_as_it_did(&self) {
        for was in &self.answers {
            let args: Vec<&str> = was.args.iter().map(String::as_str).collect();
            let now = documents(&self.look(&args));
            if is_of_another_kind(&args) {
                continue;
            }
            let lasting: fn(&[Value]) -> Vec<Value> = match args[0] {
                "why" => lasting_of_why,
                "next" => lasting_of_next,
                "history" if args.contains(&"--stats") => lasting_of_statistics,
                "history" if args.contains(&"--collector") => runs_of,
                _ => <[Value]>::to_vec,
            };
            let (before, after) = (lasting(&was.documents), lasting(&now));
            if let Some(difference) = difference(&before.into(), &after.into(), "") {
                panic!("orchestrate {args:?} says at {difference}");
            }
        }
    }
}

/// A collector's history was of runs and is of what became of it in each: of the same runs.
fn runs_of(documents: &[Value]) -> Vec<Value> {
    let rows = documents.iter().flat_map(|rows| rows.as_array().unwrap());
    let mut runs: Vec<Value> = rows
        .map(|row| row["run"].clone())
        .filter(|run| !run.is_null())
        .collect();
    runs.dedup();
    runs
}

/// What was said of two tasks that had one name is said of each now; and the newest run of a
/// task is that also where somebody gave it other arguments.
fn is_of_another_kind(args: &[&str]) -> bool {
    let of = |name: &str| args.contains(&name);
    match args[0] {
        "why" => of("tracker") || of("pulse") || of("breaks"),
        _ => of("--stats") && (of("tracker") || of("pulse")),
    }
}

/// What says today what a column said then: tasks have names.
fn today<'a>(relation: &str, column: &'a str) -> &'a str {
    match (relation, column) {
        ("ledger", "occurrence") => {
            "cast(case when name = command then '1' else substr(name, length(command) + 2) end as integer)"
        }
        ("timetable", "command") => "name",
        _ => column,
    }
}

/// One JSON document, or one a line.
fn documents(text: &str) -> Vec<Value> {
    let lines = || text.lines().map(|line| serde_json::from_str(line).unwrap());
    serde_json::from_str(text).map_or_else(|_| lines().collect(), |document| vec![document])
}

fn texts(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(Value::to_string).collect()
}

/// What does not depend on when it is asked.
fn lasting_of_why(documents: &[Value]) -> Vec<Value> {
    let keys = [
        "group",
        "command",
        "args",
        "scheduled",
        "enabled",
        "rule",
        "last",
        "paused_since",
    ];
    let answers = documents[0].as_array().unwrap().iter();
    answers
        .map(|answer| keys.iter().map(|key| (*key, answer[*key].clone())).collect())
        .collect()
}

/// The same: each entry and those of its tasks that are due each time, in the order of names
/// instead of that of times.
fn lasting_of_next(documents: &[Value]) -> Vec<Value> {
    let mut entries = documents[0].as_array().unwrap().clone();
    for entry in &mut entries {
        entry["next"] = Value::Null;
        let each_time = |task: &Value| ["daily", "interval"].map(Value::from).contains(&task["schedule"]);
        entry["tasks"].as_array_mut().unwrap().retain(each_time);
    }
    entries.sort_by_key(|entry| json!([entry["kind"], entry["group"]]).to_string());
    entries
}

/// Which of two twins ended last in a run, no order of rows tells: not how long it took.
fn lasting_of_statistics(documents: &[Value]) -> Vec<Value> {
    let mut documents = documents.to_vec();
    for key in ["last_success", "last_failure"] {
        if let Some(last) = documents[0][key].as_object_mut() {
            last.remove("duration_ms");
        }
    }
    documents
}

/// Where `after` is not `before`, and how; keys that `before` does not have may be there.
fn difference(before: &Value, after: &Value, path: &str) -> Option<String> {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => old.iter().find_map(|(key, value)| {
            let path = format!("{path}/{key}");
            match new.get(key) {
                Some(new) => difference(value, new, &path),
                None => Some(format!("{path}: nothing instead of {value}")),
            }
        }),
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => old
            .iter()
            .zip(new)
            .enumerate()
            .find_map(|(index, (old, new))| difference(old, new, &format!("{path}/{index}"))),
        _ => (before != after).then(|| format!("{path}: {after} instead of {before}")),
    }
}

/// Looking at it says what it said, and leaves every row as it was.
fn is_as_it_was(house: &House) {
    let runs = house.relations.iter().find(|was| was.relation == "runs");
    assert_eq!(runs.unwrap().rows.len(), 50);
    house.has_its_rows(&[], false);
    house.answers_as_it_did();
    twins_have_names(house);
    house.has_its_rows(&[], false);
}

/// In every run the twins have the names that their order gives them.
fn twins_have_names(house: &House) {
    let columns = ["run_id", "group_name", "command", "position", "name"].map(str::to_owned);
    let tasks = Relation {
        relation: "tasks".to_owned(),
        columns: columns.to_vec(),
        rows: Vec::new(),
    };
    let mut tasks: Vec<(String, String, String, u64, String)> = house
        .rows(&tasks)
        .into_iter()
        .map(|row| serde_json::from_value(row).unwrap())
        .collect();
    tasks.sort();
    let mut twins = 0;
    for same in tasks.chunk_by(|a, b| (&a.0, &a.1, &a.2) == (&b.0, &b.1, &b.2)) {
        for (place, (.., command, _, name)) in same.iter().enumerate() {
            let expected = match place {
                0 => command.clone(),
                _ => format!("{command}#{}", place + 1),
            };
            assert_eq!(*name, expected, "{same:?}");
            twins += place;
        }
    }
    assert!(twins > 10, "{twins}");
    let known = |name: &str| {
        let rows = house.look(&[
            "history",
            "--collector",
            name,
            "--last",
            "1000",
            "--format",
            "json",
        ]);
        documents(&rows)[0].as_array().unwrap().len()
    };
    assert!(known("tracker#2") > 0 && known("pulse#2") > 0);
}

/// A run comes after those that were: it finds the state that was left and the records to
/// compare with, and changes nothing of the past.
fn goes_on(house: &House) {
    let stars = || -> Value {
        let seen = house.run(&["records", "show", "libraries", "beast", "--format", "json"]);
        seen.exits(0).json()["data"]["stars"].clone()
    };
    let states = house.relations.iter().find(|was| was.relation == "states");
    let mut states = states.unwrap().rows.iter();
    let state = states.find(|row| row[0] == "github" && row[1] == "tracker");
    // A text on SQLite.
    let data = &state.unwrap()[2];
    let data = data
        .as_str()
        .map_or_else(|| data.clone(), |text| serde_json::from_str(text).unwrap());
    let before = data["runs"].as_u64().unwrap();
    house
        .run(&["run", "--schedule", "daily", "--group", "github"])
        .exits(0);
    assert_eq!(stars(), before + 1, "it goes on from its state");
    let last = house.run(&["show", "last", "--format", "json"]).json();
    let records = &last["tasks"][0]["records"];
    let known = records["changed"].as_u64().unwrap() + records["unchanged"].as_u64().unwrap();
    assert!(known >= 2, "{records}");
    let history = house
        .run(&["history", "--last", "1000", "--format", "json"])
        .json();
    assert_eq!(history.as_array().unwrap().len(), 51);
    let past = [
        "runs",
        "tasks",
        "attempts",
        "slots",
        "ledger",
        "timetable",
        "releases",
        "releases_handled",
        "pauses",
        "ingests",
    ];
    house.has_its_rows(&past, true);
}

#[test]
fn a_file_of_the_old_build_is_as_it_was() {
    is_as_it_was(&House::on_sqlite());
}

#[test]
fn a_server_of_the_old_build_is_as_it_was() {
    is_as_it_was(&House::on_postgres());
}

#[test]
fn a_file_of_the_old_build_goes_on() {
    goes_on(&House::on_sqlite());
}

#[test]
fn a_server_of_the_old_build_goes_on() {
    goes_on(&House::on_postgres());
}

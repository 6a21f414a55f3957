//! The JSON Schemas: what ships fits them, what is wrong does not, and neither does what the
//! program itself refuses.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use orchestrator::records::parse_event;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::Place;

const TOPICS: [&str; 3] = ["schedule", "settings", "events"];

/// The repository.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn schema(topic: &str) -> Value {
    Place::new("groups: {}\n").run(&["schema", topic]).exits(0).json()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Whether a value fits a schema: the part of JSON Schema that ours use, and a panic for any
/// other, so that nothing is passed over.
fn fits(schema: &Value, value: &Value) -> bool {
    let Value::Object(keywords) = schema else {
        return *schema == Value::Bool(true);
    };
    let known = keywords
        .iter()
        .all(|(keyword, wanted)| fits_keyword(keyword, wanted, value));
    let extra = keywords.get("additionalProperties").unwrap_or(&Value::Bool(true));
    known && fits_properties(keywords, extra, value)
}

fn fits_keyword(keyword: &str, wanted: &Value, value: &Value) -> bool {
    let number = |compare: fn(f64, f64) -> bool| {
        let bound = wanted.as_f64().unwrap();
        value.as_f64().is_none_or(|number| compare(number, bound))
    };
    let length = |compare: fn(u64, u64) -> bool| {
        let bound = wanted.as_u64().unwrap();
        let length = |text: &str| u64::try_from(text.chars().count()).unwrap();
        value.as_str().is_none_or(|text| compare(length(text), bound))
    };
    match keyword {
        "$schema" | "$id" | "title" | "description" | "default" | "examples" => true,
        "properties" | "patternProperties" | "additionalProperties" => true,
        "type" => match wanted {
            Value::Array(types) => types.iter().any(|one| is_of(one, value)),
            one => is_of(one, value),
        },
        "enum" => wanted.as_array().unwrap().contains(value),
        "const" => wanted == value,
        "not" => !fits(wanted, value),
        "anyOf" => wanted.as_array().unwrap().iter().any(|one| fits(one, value)),
        "required" => value.as_object().is_none_or(|object| {
            let mut names = wanted.as_array().unwrap().iter();
            names.all(|name| object.contains_key(name.as_str().unwrap()))
        }),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| fits(wanted, item))),
        "minimum" => number(|number, bound| number >= bound),
        "maximum" => number(|number, bound| number <= bound),
        "minLength" => length(|length, bound| length >= bound),
        "maxLength" => length(|length, bound| length <= bound),
        "pattern" => {
            let pattern = Regex::new(wanted.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        other => panic!("a keyword that this test does not know: {other}"),
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("a type that this test does not know: {other}"),
    }
}

fn fits_properties(keywords: &serde_json::Map<String, Value>, extra: &Value, value: &Value) -> bool {
    let Value::Object(object) = value else { return true };
    let patterns = keywords.get("patternProperties").and_then(Value::as_object);
    object.iter().all(|(name, value)| {
        let named = keywords.get("properties").and_then(|all| all.get(name));
        let free = patterns
            .into_iter()
            .flatten()
            .find(|(pattern, _)| Regex::new(pattern).unwrap().is_match(name));
        fits(named.or(free.map(|(_, schema)| schema)).unwrap_or(extra), value)
    })
}

#[test]
fn the_schemas_in_the_repository_are_what_the_program_prints() {
    for topic in TOPICS {
        let path = root().join(format!("docs/reference/{topic}.schema.json"));
        let printed = Place::new("groups: {}\n").run(&["schema", topic]);
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            kept,
            printed.exits(0).stdout,
            "orchestrate schema {topic} > docs/reference/{topic}.schema.json"
        );
        let schema = schema(topic);
        let id = schema["$id"].as_str().unwrap();
        assert!(
            id.ends_with(&format!("/docs/reference/{topic}.schema.json")),
            "{id}"
        );
    }
    let bare = Place::new("groups: {}\n").run(&["schema"]).exits(0).json();
    assert_eq!(bare, schema("schedule"));
}

#[test]
fn what_ships_and_what_init_writes_fits_and_tells_editors_where_to_look() {
    let place = Place::new("groups: {}\n");
    place.run(&["init", "made"]).exits(0);
    let mut files = BTreeMap::new();
    for (file, topic) in [
        (root().join("config/boost_collector_schedule.yaml"), "schedule"),
        (root().join("config/quickstart.yaml"), "schedule"),
        (
            place.path("made/config/boost_collector_schedule.yaml"),
            "schedule",
        ),
        (place.path("made/config/orchestrator.yaml"), "settings"),
    ] {
        files.insert(file, topic);
    }
    for (file, topic) in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(fits(&schema(topic), &yaml(&text)), "{}", file.display());
        let first = text.lines().next().unwrap();
        let named = first.strip_prefix("# yaml-language-server: $schema=").unwrap();
        match named.starts_with("https:") {
            true => assert_eq!(schema(topic)["$id"], named),
            false => assert!(file.parent().unwrap().join(named).exists(), "{named}"),
        }
    }
}

/// A schedule with every kind of value, and what may be wrong in it: what is replaced, and by what.
const WELL: &str = r#"
defaults: {timeout: 1h, grace: 10s, env: {A: b}, limits: {memory: 512MiB, open_files: 64}}
release: {repository: ./here, poll: 10m}
groups:
  g:
    default_time: "04:10"
    timezone: Europe/Berlin
    catch_up: {mode: all, max_age: 3d}
    overlap: queue
    stop_on_failure: true
    tasks:
      - {command: a, schedule: daily, args: [x], retry: {limit: 2, delay: 1m, on: [network]}}
      - {command: b, schedule: weekly, on: Mon, enabled: false, expect: {min_records: 1}}
      - {command: c, schedule: monthly, on: 31}
      - {command: d, schedule: interval, minutes: 15}
      - {command: e, schedule: cron, cron: "5 */2 * * mon-fri"}
workflow: {commands: [a, {command: b, args: ["1"]}]}
x-mine: anything
"#;
const FAULTS: [(&str, &str); 24] = [
    ("default_time:", "defualt_time:"),
    ("\"04:10\"", "\"4:10\""),
    ("\"04:10\"", "410"),
    ("schedule: daily", "schedule: dayly"),
    ("schedule: daily, ", ""),
    ("command: a, ", ""),
    ("args: [x]", "args: x"),
    ("args: [x]", "args: [1]"),
    ("limit: 2", "limit: -1"),
    ("on: [network]", "on: [nettwork]"),
    ("timeout: 1h", "timeout: 90"),
    ("timeout: 1h", "timeout: 1 hour and a half"),
    ("512MiB", "lots"),
    ("open_files: 64", "open_files: 1"),
    ("on: Mon", "on: mund"),
    ("on: 31", "on: 32"),
    ("minutes: 15", "minutes: 0"),
    ("\"5 */2 * * mon-fri\"", "\"5 */2\""),
    ("mode: all", "mode: some"),
    ("overlap: queue", "overlap: maybe"),
    ("stop_on_failure: true", "stop_on_failure: yes please"),
    ("enabled: false", "enabled: 0"),
    ("min_records: 1", "min_records: -1"),
    ("poll: 10m", "polls: 10m"),
];

#[test]
fn every_planted_fault_is_found_by_the_schema_and_by_check() {
    let place = Place::new(WELL);
    let check = |text: &str| {
        place.schedule(text);
        place.run(&["check", "--schedule-only"]).code
    };
    let schema = schema("schedule");
    assert_eq!((check(WELL), fits(&schema, &yaml(WELL))), (Some(0), true));
    for (well, wrong) in FAULTS {
        let text = WELL.replacen(well, wrong, 1);
        assert_ne!(text, WELL, "{well}");
        assert_eq!(check(&text), Some(2), "{wrong}");
        assert!(!fits(&schema, &yaml(&text)), "{wrong}");
    }
}

#[test]
fn every_planted_fault_of_the_settings_is_found_by_their_schema() {
    let place = Place::new("groups: {}\n");
    let well = "log_level: debug\nsecrets: [A]\nretention: {age: 90d, count: 10, bytes: 5GiB}\n\
        notify: [{name: n, command: [\"true\"], on: [failure]}]\n";
    let check = |text: &str| {
        fs::write(place.path("config/orchestrator.yaml"), text).unwrap();
        place.run(&["check"]).code
    };
    let schema = schema("settings");
    assert!(fits(&schema, &yaml(well)));
    for (right, wrong) in [
        ("log_level: debug", "log_level: loud"),
        ("secrets: [A]", "secrets: A"),
        ("secrets:", "secret:"),
        ("90d", "90"),
        ("count: 10", "count: 0"),
        ("5GiB", "five"),
        ("on: [failure]", "on: [failures]"),
        ("name: n", "nam: n"),
    ] {
        let text = well.replacen(right, wrong, 1);
        assert_ne!(text, well, "{right}");
        assert_eq!(check(&text), Some(2), "{wrong}");
        assert!(!fits(&schema, &yaml(&text)), "{wrong}");
    }
}

#[test]
fn a_line_of_events_fits_where_the_program_takes_it() {
    let schema = schema("events");
    let record = json!({ "type": "record", "collection": "a.b/c", "key": "k", "data": {} });
    let without = |name: &str| {
        let mut record = record.clone();
        record.as_object_mut().unwrap().remove(name);
        record
    };
    let with = |name: &str, value: Value| {
        let mut record = record.clone();
        record[name] = value;
        record
    };
    let lines = [
        record.clone(),
        without("type"),
        without("collection"),
        without("key"),
        without("data"),
        with("key", json!("")),
        with("key", json!("k".repeat(1025))),
        with("collection", json!("two words")),
        with("collection", json!("c".repeat(129))),
        with("data", json!([1])),
        with("unknown", json!("is passed over")),
        with("type", json!("recrod")),
        json!({ "type": "progress", "current": 1, "total": null }),
        json!({ "type": "progress", "current": -1 }),
        json!({ "type": "progress", "total": 5 }),
        json!({ "type": "failure" }),
        json!({ "type": "failure", "category": "rate_limit", "retry_after": "15m", "message": "x" }),
        json!({ "type": "failure", "category": "bad luck" }),
        json!({ "type": "failure", "retry_after": 0.5 }),
        json!({ "type": "failure", "retry_after": -1 }),
        json!({ "type": "failure", "retry_after": "soon" }),
        json!({ "type": "note" }),
        json!({ "type": "note", "message": "x" }),
        json!({ "type": "warning", "message": 5 }),
        json!({ "type": "state", "data": [1] }),
        json!({ "type": "state", "data": null }),
        json!({ "type": "defer", "releases": ["1.90.0"] }),
        json!({ "type": "defer", "releases": [1] }),
        json!([]),
    ];
    for line in lines {
        let taken = parse_event(line.to_string().as_bytes());
        assert_eq!(fits(&schema, &line), taken.is_ok(), "{line}: {taken:?}");
    }
}

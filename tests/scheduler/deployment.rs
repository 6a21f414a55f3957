//! What `scripts/fleet` offers is what the program takes: each command, flag, variable, port and probe
//! is held against the program itself. Errors that are planted are found.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::Parser;
use orchestrator::cli::Cli;
use serde_json::Value;

use crate::fast::{EVERY_MINUTE, Fast, stop};
use crate::operation::{get, port};
use crate::service_manager::what_systemd_says;

/// Services that are not ours bring these.
const OF_OTHERS: [&str; 3] = ["POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"];

const FILES: [&str; 4] = [
    "compose.yaml",
    "kubernetes.yaml",
    "orchestrate-beat.service",
    "orchestrate-worker.service",
];

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/fleet");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// A process of ours, as a file wants it.
#[derive(Debug, Default)]
struct Wanted {
    args: Vec<String>,
    /// How long it is given to end, where it is said.
    grace: Option<Duration>,
    variables: Vec<String>,
    /// Ports that are said to be its own, by name or number.
    ports: Vec<(String, u64)>,
    /// Paths that are asked, and at which port.
    probes: Vec<(String, String)>,
    /// Commands that ask how it is.
    checks: Vec<Vec<String>>,
}

fn strings(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.map(|one| one.as_str().unwrap_or_default().to_owned())
        .collect()
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    let read = |document| <Value as serde::Deserialize>::deserialize(document);
    let documents = serde_yaml::Deserializer::from_str(text).map(read);
    documents
        .collect::<Result<_, _>>()
        .map_err(|error: serde_yaml::Error| error.to_string())
}

fn duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

fn of_compose(text: &str) -> Result<Vec<Wanted>, String> {
    let mut wanted = Vec::new();
    for document in documents(text)? {
        for service in document["services"].as_object().ok_or("no services")?.values() {
            // A merge key is read as a key.
            let merged = |key: &str| match &service[key] {
                Value::Null => service["<<"][key].clone(),
                own => own.clone(),
            };
            let variables = merged("environment");
            let variables = variables.as_object().into_iter().flatten();
            let mut one = Wanted {
                args: strings(&service["command"]),
                grace: service["stop_grace_period"].as_str().and_then(duration),
                variables: variables.map(|(name, _)| name.clone()).collect(),
                ..Wanted::default()
            };
            if merged("image") != "orchestrate" {
                one.args.clear();
            } else if let [how, program, rest @ ..] = &strings(&service["healthcheck"]["test"])[..] {
                let known = how == "CMD" && program == "orchestrate";
                one.checks
                    .push(if known { rest.to_vec() } else { vec![how.clone()] });
            }
            wanted.push(one);
        }
    }
    Ok(wanted)
}

fn of_kubernetes(text: &str) -> Result<Vec<Wanted>, String> {
    let mut wanted = Vec::new();
    for document in documents(text)? {
        let pod = &document["spec"]["template"]["spec"];
        let grace = pod["terminationGracePeriodSeconds"].as_u64();
        let labels = &document["spec"]["template"]["metadata"]["labels"];
        if labels != &document["spec"]["selector"]["matchLabels"] {
            return Err(format!("{} selects other pods", document["metadata"]["name"]));
        }
        for (kind, is_main) in [("containers", true), ("initContainers", false)] {
            for container in pod[kind].as_array().into_iter().flatten() {
                let mut one = Wanted {
                    args: strings(&container["args"]),
                    grace: grace.filter(|_| is_main).map(Duration::from_secs),
                    ..Wanted::default()
                };
                for port in container["ports"].as_array().into_iter().flatten() {
                    let name = port["name"].as_str().unwrap_or_default().to_owned();
                    one.ports
                        .push((name, port["containerPort"].as_u64().unwrap_or_default()));
                }
                for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                    let asked = &container[probe]["httpGet"];
                    if let Some(path) = asked["path"].as_str() {
                        let port = asked["port"].to_string().trim_matches('"').to_owned();
                        one.probes.push((path.to_owned(), port));
                    }
                }
                wanted.push(one);
            }
        }
    }
    Ok(wanted)
}

fn of_unit(text: &str) -> Vec<Wanted> {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
    };
    let start = value("ExecStart").unwrap_or_default();
    let words = start.split(' ').skip(1).map(str::to_owned);
    vec![Wanted {
        args: words.collect(),
        grace: value("TimeoutStopSec").and_then(duration),
        ..Wanted::default()
    }]
}

/// The variables that the program reads, by its own word.
fn known_variables(fast: &Fast) -> BTreeSet<String> {
    let said = fast
        .command(&["explain", "environment", "--format", "json"])
        .output()
        .unwrap();
    let entries: Value = serde_json::from_slice(&said.stdout).unwrap();
    let entries = entries.as_array().unwrap().iter();
    entries
        .map(|entry| entry["key"].as_str().unwrap().to_owned())
        .collect()
}

/// The value of a flag.
fn value_of<'a>(args: &'a [String], flag: &str) -> Option<&'a str> {
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if word == flag {
            return words.next().map(String::as_str);
        }
        if let Some(value) = word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value);
        }
    }
    None
}

fn wrong_command(args: &[String]) -> Option<String> {
    let words = std::iter::once("orchestrate").chain(args.iter().map(String::as_str));
    let error = Cli::try_parse_from(words).err()?;
    Some(format!("{args:?}: {error}"))
}

/// The program, which is asked.
struct Program<'a> {
    /// The variables that it reads.
    variables: BTreeSet<String>,
    /// What it answers to a path.
    status: &'a dyn Fn(&str) -> u16,
}

/// All that is wrong with a file.
fn faults(name: &str, text: &str, program: &Program<'_>) -> Vec<String> {
    let read = match name {
        "compose.yaml" => of_compose(text),
        "kubernetes.yaml" => of_kubernetes(text),
        _ => Ok(of_unit(text)),
    };
    let wanted = match read {
        Ok(wanted) => wanted,
        Err(error) => return vec![error],
    };
    let mut faults = Vec::new();
    for one in &wanted {
        let commands = one
            .checks
            .iter()
            .chain(Some(&one.args).filter(|args| !args.is_empty()));
        faults.extend(commands.filter_map(|args| wrong_command(args)));
        for name in &one.variables {
            if !program.variables.contains(name) && !OF_OTHERS.contains(&&**name) {
                faults.push(format!("nobody reads {name}"));
            }
        }
        let drain = value_of(&one.args, "--drain-timeout").and_then(duration);
        if drain.is_some_and(|drain| one.grace.is_none_or(|grace| grace <= drain)) {
            faults.push(format!("{:?} is not given the time that it takes", one.args));
        }
        let listens = value_of(&one.args, "--listen").and_then(|at| at.rsplit(':').next());
        for (name, port) in &one.ports {
            if listens != Some(&port.to_string()) {
                faults.push(format!("nobody listens on {name}, {port}"));
            }
        }
        for (path, port) in &one.probes {
            let known = one
                .ports
                .iter()
                .any(|(name, number)| name == port || number.to_string() == *port);
            if !known || (program.status)(path) != 200 {
                faults.push(format!("nobody answers {path} at {port}"));
            }
        }
    }
    if !wanted.iter().any(|one| !one.args.is_empty()) {
        faults.push(format!("{name} starts nothing of ours"));
    }
    faults
}

#[test]
fn what_is_offered_for_a_fleet_is_what_the_program_takes() {
    let fast = Fast::new(EVERY_MINUTE, None);
    let serve = fast.start(&["serve", "--listen", "127.0.0.1:0"]);
    let port = port(&fast);
    fast.wait_for("this scheduler leads");
    let status = |path: &str| get(port, path).0;
    let known = Program {
        variables: known_variables(&fast),
        status: &status,
    };
    for name in FILES {
        assert_eq!(faults(name, &read(name), &known), [""; 0], "{name}");
    }
    let mut commands = Vec::new();
    for name in FILES {
        let planted: &[(&str, &str)] = match name {
            "compose.yaml" => &[
                ("--execute\", \"queue", "--execute\", \"queued"),
                ("\"worker\"", "\"workers\", \"start\""),
                ("ORCHESTRATE_DATABASE_URL", "ORCHESTRATE_DATABASE"),
                ("--live", "--alive"),
                ("stop_grace_period: 15m", "stop_grace_period: 14m"),
                ("services:", "service:"),
            ],
            "kubernetes.yaml" => &[
                ("--drain-timeout=15m", "--drain=15m"),
                ("--concurrency=4", "--concurrency=0"),
                ("containerPort: 8080", "containerPort: 8081"),
                ("/livez", "/lives"),
                ("/readyz, port: http", "/readyz, port: web"),
                ("PeriodSeconds: 960", "PeriodSeconds: 900"),
                ("[\"db\", \"migrate\"]", "[\"db\", \"upgrade\"]"),
                (
                    "matchLabels: {app: orchestrate, part: worker}",
                    "matchLabels: {app: orchestrate}",
                ),
            ],
            _ => &[
                ("--drain-timeout", "--drain"),
                ("TimeoutStopSec", "TimeoutStop"),
                ("ExecStart=", "ExecStart=/usr/bin/env "),
            ],
        };
        for (right, wrong) in planted {
            let text = read(name);
            assert!(text.contains(right), "{name} has no {right}");
            let found = faults(name, &text.replace(right, wrong), &known);
            assert!(!found.is_empty(), "{name}: {wrong} was not found");
        }
        commands.push(read(name));
    }
    assert!(
        commands
            .iter()
            .all(|text| text.contains("worker") || text.contains("beat"))
    );
    assert_eq!(stop(serve), Some(0));
    fast.place.wait_until_gone();
}

#[test]
fn systemd_understands_the_units_of_a_fleet() {
    for unit in [
        "fleet/orchestrate-beat.service",
        "fleet/orchestrate-worker.service",
    ] {
        if let Some(said) = what_systemd_says(unit) {
            assert_eq!(said, "", "{unit}");
        }
    }
}

//! Any schedule, written as YAML, is read back as itself.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::config::parse_schedule;
use crate::model::{
    Cadence, CatchUp, CatchUpMode, Category, CommandName, CronExpression, Expect, FleetTerms, Group,
    GroupName, Limits, LossPolicy, Minutes, MonthDay, Overlap, Policy, Probe, ReleaseSource, Retry, Schedule,
    TagPattern, Task, TaskName, Titled, Version, WORKFLOW_GROUP, WorkerLabel, Workflow, WorkspaceScope,
    name_tasks,
};

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,12}",
        "[a-zäöü0-9./]{1,8}[a-z0-9]",
        Just("null".to_owned()),
        Just("2024".to_owned())
    ]
    .prop_filter("reserved", |name| {
        name != WORKFLOW_GROUP && !name.starts_with("x-")
    })
}

/// Anything that a process can be given, but what a schedule has as an escape only: lines that
/// one YAML ends there and the other does not.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}".prop_map(|text| text.replace(['\u{2028}', '\u{2029}'], "~")),
        "[ -~\\n\\t]{0,20}",
        prop_oneof![
            Just("yes"),
            Just("~"),
            Just("0755"),
            Just("1.10"),
            Just("12:30"),
            Just("- a"),
            Just("{x")
        ]
        .prop_map(str::to_owned),
    ]
}

fn span() -> impl Strategy<Value = Duration> {
    (1..31_000_000_u64).prop_map(Duration::from_secs)
}

fn time() -> impl Strategy<Value = Time> {
    (0..24_i8, 0..60_i8).prop_map(|(hour, minute)| Time::new(hour, minute, 0, 0).unwrap())
}

fn cadence() -> impl Strategy<Value = Cadence> {
    prop_oneof![
        Just(Cadence::Daily),
        Just(Cadence::OnRelease),
        (1..=7_i8).prop_map(|day| Cadence::Weekly(Weekday::from_monday_one_offset(day).unwrap())),
        (1..=31_i64).prop_map(|day| Cadence::Monthly(MonthDay::new(day).unwrap())),
        (1..=180_i64).prop_map(|minutes| Cadence::Interval(Minutes::new(minutes).unwrap())),
        Just(Cadence::Cron(CronExpression::parse("5 */2 * * mon-fri").unwrap())),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    let categories = proptest::sample::subsequence(
        vec![Category::Network, Category::Auth, Category::RateLimit],
        0..=3,
    );
    let retry = (0..=100_u32, span(), categories).prop_map(|(limit, delay, on)| Retry { limit, delay, on });
    let limits = (
        option::of(1_u64 << 20..1 << 50),
        option::of(span()),
        option::of(8_u64..1_048_576),
        option::of(1_u64..1 << 50),
    )
        .prop_map(|(memory, cpu_time, open_files, output)| Limits {
            memory,
            cpu_time,
            open_files,
            output,
        });
    let expect = (option::of(0_u64..1_000_000), option::of(span()))
        .prop_map(|(min_records, max_age)| Expect { min_records, max_age });
    let env = btree_map("[A-Z][A-Z0-9_]{0,8}", text(), 0..3);
    let directory = option::of("[a-z/. ]{1,10}".prop_map(Into::into));
    let workspace = prop_oneof![Just(WorkspaceScope::Command), Just(WorkspaceScope::Task)];
    (
        option::of(span()),
        option::of(span()),
        span(),
        retry,
        env,
        (directory, workspace),
        limits,
        expect,
    )
        .prop_map(
            |(timeout, idle_timeout, grace, retry, env, (working_directory, workspace), limits, expect)| {
                Policy {
                    timeout,
                    idle_timeout,
                    grace,
                    retry,
                    env,
                    working_directory,
                    workspace,
                    limits,
                    expect,
                }
            },
        )
}

fn task(group: &str) -> impl Strategy<Value = Task> + use<> {
    let group = GroupName::new(group);
    (name(), vec(text(), 0..4), cadence(), any::<bool>(), policy()).prop_map(
        move |(command, args, cadence, enabled, policy)| Task {
            group: group.clone(),
            name: TaskName::new(&command),
            command: CommandName::new(command),
            args,
            cadence,
            enabled,
            policy,
        },
    )
}

/// Every second one has a name of its own.
fn named(tasks: Vec<Task>) -> Vec<Task> {
    let given: Vec<Option<String>> = (0..tasks.len())
        .map(|place| (place % 2 == 1).then(|| format!("task-{place}.of_it")))
        .collect();
    let titled: Vec<Titled<'_>> = tasks
        .iter()
        .zip(&given)
        .map(|(task, name)| Titled {
            name: name.as_deref(),
            command: task.command.as_str(),
        })
        .collect();
    let names = name_tasks(&titled);
    tasks
        .into_iter()
        .zip(names)
        .map(|(task, name)| Task { name, ..task })
        .collect()
}

fn group(name: String) -> impl Strategy<Value = Group> {
    let zone = prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/New_York")];
    let mode = prop_oneof![
        Just(CatchUpMode::None),
        Just(CatchUpMode::Last),
        Just(CatchUpMode::All)
    ];
    let catch_up = (mode, option::of(span())).prop_map(|(mode, max_age)| CatchUp { mode, max_age });
    let overlap = prop_oneof![Just(Overlap::Skip), Just(Overlap::Queue), Just(Overlap::Allow)];
    (
        time(),
        zone,
        any::<bool>(),
        catch_up,
        overlap,
        (span(), fleet()),
        vec(task(&name), 0..4),
    )
        .prop_map(
            move |(default_time, zone, stop_on_failure, catch_up, overlap, (jitter, fleet), tasks)| Group {
                name: GroupName::new(name.clone()),
                default_time: Some(default_time),
                timezone: TimeZone::get(zone).unwrap(),
                stop_on_failure,
                catch_up,
                overlap,
                jitter,
                fleet,
                tasks: named(tasks),
            },
        )
}

fn fleet() -> impl Strategy<Value = FleetTerms> {
    let lease = option::of((2_u64..=3600).prop_map(Duration::from_secs));
    let on_lost = prop_oneof![Just(LossPolicy::Resume), Just(LossPolicy::Fail)];
    let label = "[A-Za-z][A-Za-z0-9._-]{0,7}".prop_map(|text| WorkerLabel::parse(&text).unwrap());
    let runs_on = proptest::collection::btree_set(label, 0..3);
    (lease, on_lost, runs_on).prop_map(|(lease, on_lost, runs_on)| FleetTerms {
        lease,
        on_lost,
        runs_on,
    })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let names = proptest::collection::hash_set(name(), 0..4);
    let groups = names.prop_flat_map(|names| names.into_iter().map(group).collect::<Vec<_>>());
    let step = task(WORKFLOW_GROUP).prop_map(|task| Task {
        cadence: Cadence::Daily,
        ..task
    });
    let workflow = (option::of(time()), vec(step, 0..3)).prop_map(|(default_time, tasks)| Workflow {
        default_time,
        tasks: named(tasks),
    });
    let probe = prop_oneof![
        "[a-z/.]{1,20}".prop_map(Probe::Repository),
        (name(), vec(text(), 0..3)).prop_map(|(command, args)| Probe::Command {
            command: CommandName::new(command),
            args,
        }),
    ];
    let release =
        (probe, 0..30_u32, option::of(60..31_000_000_u64)).prop_map(|(probe, minimum, poll)| ReleaseSource {
            probe,
            pattern: TagPattern::new("v([0-9.]+)").unwrap(),
            minimum: Version::parse(&format!("1.{minimum}")).unwrap(),
            poll: poll.map(Duration::from_secs),
        });
    (groups, option::of(workflow), release).prop_map(|(groups, workflow, release)| Schedule {
        groups,
        workflow,
        release,
    })
}

/// Only what is there: `null` would be an error.
fn without_nulls(value: Value) -> Value {
    let Value::Object(entries) = value else {
        return value;
    };
    let entries: Map<String, Value> = entries
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key, without_nulls(value)))
        .collect();
    Value::Object(entries)
}

fn hour(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

fn spell(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn write_task(task: &Task) -> Value {
    let Policy {
        timeout,
        idle_timeout,
        grace,
        retry,
        env,
        working_directory,
        workspace,
        limits,
        expect,
    } = &task.policy;
    let categories: Vec<&str> = retry.on.iter().map(|category| category.as_str()).collect();
    let mut value = json!({
        "command": task.command.as_str(),
        "name": task.name.as_str().ends_with(".of_it").then_some(task.name.as_str()),
        "args": task.args,
        "enabled": task.enabled,
        "timeout": timeout.map(spell),
        "idle_timeout": idle_timeout.map(spell),
        "grace": spell(*grace),
        "retry": { "limit": retry.limit, "delay": spell(retry.delay), "on": categories },
        "env": env.iter().collect::<BTreeMap<_, _>>(),
        "working_directory": working_directory,
        "workspace": workspace.as_str(),
        "limits": {
            "memory": limits.memory,
            "cpu_time": limits.cpu_time.map(spell),
            "open_files": limits.open_files,
            "output": limits.output.map(|bytes| format!("{bytes} B")),
        },
        "expect": { "min_records": expect.min_records, "max_age": expect.max_age.map(spell) },
    });
    if task.group.as_str() != WORKFLOW_GROUP {
        value["schedule"] = json!(task.cadence.keyword());
        match &task.cadence {
            Cadence::Weekly(day) => value["on"] = json!(format!("{day:?}")),
            Cadence::Monthly(day) => value["on"] = json!(day.get()),
            Cadence::Interval(minutes) => value["minutes"] = json!(minutes.get()),
            Cadence::Cron(cron) => value["cron"] = json!(cron),
            Cadence::Daily | Cadence::OnRelease => {}
        }
    }
    value
}

fn write(schedule: &Schedule) -> String {
    let mut file = serde_yaml::Mapping::new();
    let mut groups = serde_yaml::Mapping::new();
    for group in &schedule.groups {
        let mode = match group.catch_up.mode {
            CatchUpMode::None => "none",
            CatchUpMode::Last => "last",
            CatchUpMode::All => "all",
        };
        let value = json!({
            "default_time": group.default_time.map(hour),
            "timezone": group.timezone.iana_name(),
            "stop_on_failure": group.stop_on_failure,
            "catch_up": { "mode": mode, "max_age": group.catch_up.max_age.map(spell) },
            "overlap": group.overlap.as_str(),
            "jitter": spell(group.jitter),
            "lease": group.fleet.lease.map(spell),
            "on_lost": group.fleet.on_lost.as_str(),
            "runs_on": group.fleet.runs_on.iter().map(WorkerLabel::as_str).collect::<Vec<_>>(),
            "tasks": group.tasks.iter().map(write_task).map(without_nulls).collect::<Vec<_>>(),
        });
        groups.insert(
            group.name.as_str().into(),
            serde_yaml::to_value(without_nulls(value)).unwrap(),
        );
    }
    file.insert("groups".into(), groups.into());
    if let Some(workflow) = &schedule.workflow {
        let value = json!({
            "default_time": workflow.default_time.map(hour),
            "commands": workflow.tasks.iter().map(write_task).map(without_nulls).collect::<Vec<_>>(),
        });
        file.insert(
            "workflow".into(),
            serde_yaml::to_value(without_nulls(value)).unwrap(),
        );
    }
    let source = &schedule.release;
    let (repository, command, args) = match &source.probe {
        Probe::Repository(repository) => (Some(repository), None, None),
        Probe::Command { command, args } => (None, Some(command.as_str()), Some(args)),
    };
    let value = json!({
        "repository": repository,
        "command": command,
        "args": args,
        "tag_pattern": source.pattern.as_str(),
        "minimum": source.minimum.to_string(),
        "poll": source.poll.map(spell),
    });
    // Quoted: `1.10` would be a number.
    file.insert(
        "release".into(),
        serde_yaml::to_value(without_nulls(value)).unwrap(),
    );
    serde_yaml::to_string(&file).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_schedule_survives_being_written_and_read(schedule in schedule()) {
        let yaml = write(&schedule);
        match parse_schedule("s", yaml.as_bytes()) {
            Ok((read, _)) => prop_assert_eq!(read, schedule, "{}", yaml),
            Err(diagnostics) => prop_assert!(false, "{diagnostics:#?}\n{yaml}"),
        }
    }
}

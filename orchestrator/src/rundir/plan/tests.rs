//! What goes into a plan comes out of it, whatever it is.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

use crate::model::{
    Because, Cadence, CancelCause, Category, CommandName, ContentHash, Expect, FleetTerms, GroupName,
    HoldKey, Limits, LossPolicy, Minutes, MonthDay, Overlap, OverlapRule, PlannedTask, Policy, Release,
    Retry, Task, TaskName, WEEKDAYS, WorkerLabel, WorkspaceScope,
};
use crate::text::NamedSecrets;

fn cadence() -> impl Strategy<Value = Cadence> {
    prop_oneof![
        Just(Cadence::Daily),
        Just(Cadence::OnRelease),
        (0..7_usize).prop_map(|day| Cadence::Weekly(WEEKDAYS[day].1)),
        (1..=31_i64).prop_map(|day| Cadence::Monthly(MonthDay::new(day).unwrap())),
        (1..=180_i64).prop_map(|minutes| Cadence::Interval(Minutes::new(minutes).unwrap())),
    ]
}

fn duration() -> impl Strategy<Value = Option<Duration>> {
    prop::option::of((0..1_u64 << 40, 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n)))
}

fn policy() -> impl Strategy<Value = Policy> {
    let limits =
        (any::<Option<u64>>(), duration(), any::<Option<u64>>()).prop_map(|(memory, cpu_time, output)| {
            Limits {
                memory,
                cpu_time,
                open_files: memory,
                output,
            }
        });
    let env = prop::collection::btree_map("[A-Z_]{1,8}", ".{0,20}", 0..4);
    let path = prop::option::of("[a-z/. ]{1,20}");
    let retry = (any::<u32>(), duration(), any::<bool>());
    (limits, env, path, retry, duration()).prop_map(
        |(limits, env, path, (limit, delay, all), time): (_, BTreeMap<_, _>, Option<String>, _, _)| Policy {
            timeout: time,
            idle_timeout: delay,
            grace: time.unwrap_or_default(),
            retry: Retry {
                limit,
                delay: delay.unwrap_or_default(),
                on: if all { Category::ALL.to_vec() } else { Vec::new() },
            },
            env,
            working_directory: path.map(Into::into),
            workspace: if all {
                WorkspaceScope::Task
            } else {
                WorkspaceScope::Command
            },
            expect: Expect {
                min_records: limits.memory,
                max_age: limits.cpu_time,
            },
            limits,
        },
    )
}

fn skip() -> impl Strategy<Value = Option<Because>> {
    prop::option::of(prop_oneof![
        Just(Because::NoNewRelease),
        any::<u32>().prop_map(|random| Because::Overlap {
            run: RunId::at(Timestamp::UNIX_EPOCH, random)
        }),
        Just(Because::Cancelled(CancelCause::Operator)),
        ".{0,20}".prop_map(Because::ReleaseUnknown),
        (".{0,20}", ".{0,20}").prop_map(|(name, exit)| Because::StoppedAfter { name, exit }),
    ])
}

fn planned() -> impl Strategy<Value = PlannedTask> {
    let words = (".{1,20}", ".{1,20}", prop::collection::vec(".{0,20}", 0..4));
    let rest = (any::<bool>(), any::<Option<i32>>(), ".{1,20}");
    (words, cadence(), policy(), skip(), rest).prop_map(
        |((group, command, args), cadence, policy, skip, (yes, slot, name))| PlannedTask {
            releases: args.clone(),
            task: Task {
                group: GroupName::new(group),
                name: TaskName::new(name),
                command: CommandName::new(command),
                args,
                cadence,
                enabled: yes,
                policy,
            },
            release_source: None,
            entry: slot.map(|_| "group:g".to_owned()),
            slot: slot.map(|second| Timestamp::from_second(i64::from(second)).unwrap()),
            slot_date: slot.map(|days| jiff::civil::date(2026, 1, 1) + jiff::Span::new().days(days % 1000)),
            stops_group: yes,
            overlap: slot.map(|_| OverlapRule {
                with: HoldKey::workspace("x"),
                mode: Overlap::Allow,
            }),
            skip,
            fleet: FleetTerms {
                lease: slot.map(|_| Duration::from_millis(2500)),
                on_lost: if yes { LossPolicy::Fail } else { LossPolicy::Resume },
                runs_on: WorkerLabel::parse("gpu").into_iter().collect(),
            },
            executable: slot.map(|_| ContentHash::new(&[7; 32])),
        },
    )
}

fn run_plan() -> impl Strategy<Value = RunPlan> {
    let release = prop_oneof![
        Just(Release::New),
        Just(Release::None),
        Just(Release::NotChecked),
        ".{0,20}".prop_map(Release::Unknown),
    ];
    let tasks = prop::collection::vec(planned(), 0..4);
    let names = (".{0,20}", prop::option::of(".{1,20}"), any::<i32>());
    (tasks, release, names).prop_map(|(tasks, release, (schedule, group, second))| {
        let at = Timestamp::from_second(i64::from(second)).unwrap();
        RunPlan {
            run: RunId::at(at, 7),
            slot: group.as_ref().map(|name| SlotRef {
                entry: format!("group:{name}"),
                at,
            }),
            stop_on_failure: group.is_some(),
            quiet: false,
            plan: Plan {
                selection: schedule.clone(),
                date: jiff::tz::TimeZone::UTC.to_datetime(at).date(),
                release,
                tasks,
            },
            schedule,
            group,
        }
    })
}

proptest! {
    #[test]
    fn a_plan_travels_unchanged(plan in run_plan()) {
        let document = plan.to_json().unwrap();
        prop_assert_eq!(RunPlan::parse(&document).unwrap(), plan);
    }
}

#[test]
fn a_plan_of_a_newer_program_is_refused_and_says_so() {
    let newer = br#"{"version": 2, "stages": []}"#;
    assert_eq!(
        RunPlan::parse(newer).unwrap_err().to_string(),
        "the plan has version 2, and this orchestrate knows versions up to 1: it needs a newer one"
    );
}

#[test]
fn what_lies_in_older_run_directories_is_no_plan_to_execute() {
    let old = br#"{"schedule": "daily", "date": "2026-11-25", "release": "not_checked",
        "tasks": [{"group": "g", "command": "c", "args": [], "schedule": "daily", "executable": "/x/c"}]}"#;
    assert!(matches!(RunPlan::parse(old), Err(PlanError::Unversioned)));
    assert!(matches!(RunPlan::parse(b"{"), Err(PlanError::Malformed(_))));
}

#[test]
fn names_and_placeholders_of_secrets_have_room() {
    let document =
        br#"{"version": 1, "run": "r", "schedule": "daily", "group": null, "stop_on_failure": false,
        "selection": "daily", "date": "2026-11-25", "release": "not_checked", "tasks": [
        {"group": "g", "command": "c", "name": "nightly", "args": ["--token={secret:TOKEN}"],
         "schedule": {"weekly": "monday"}, "enabled": true, "policy": {}, "a_later_key": 1}]}"#;
    let plan = RunPlan::parse(document).unwrap();
    let planned = &plan.plan.tasks[0];
    assert_eq!(planned.task.name.as_str(), "nightly");
    assert_eq!(planned.task.args, ["--token={secret:TOKEN}"]);
    assert_eq!(planned.task.policy, Policy::default());
}

#[test]
fn values_of_secrets_are_placeholders_in_what_is_written() {
    let mut task = crate::model::fixtures::task("g", "c", Cadence::Daily);
    let args = [
        "--token=hush-hush",
        "{secret:TOKEN}",
        "in",
        "another one",
        "mine-mine",
    ];
    task.args = args.map(str::to_owned).to_vec();
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    task.policy.env = BTreeMap::from([own("OTHER", "mine-mine"), own("URL", "https://me:hush-hush@host")]);
    task.policy.working_directory = Some("/srv/hush-hush".into());
    let values = [
        ("TOKEN", "hush-hush"),
        ("SHORT", "in"),
        ("UNSET", ""),
        ("OTHER", "another one"),
    ];
    let names: Vec<String> = values.iter().map(|(name, _)| (*name).to_owned()).collect();
    let value = |name: &str| {
        values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.into())
    };
    let secrets = NamedSecrets::new(&names, value);

    crate::rundir::store_secrets(&mut task, &secrets);
    let stored = [
        "--token={secret:TOKEN}",
        "{secret::TOKEN}",
        "in",
        "{secret:OTHER@outside}",
        "{secret:OTHER}",
    ];
    assert_eq!(task.args, stored);
    let date = jiff::civil::date(2026, 11, 30);
    let plan = RunPlan {
        run: RunId::new("r"),
        schedule: "daily".to_owned(),
        group: None,
        slot: None,
        stop_on_failure: false,
        quiet: false,
        plan: Plan::new("daily", date, Release::None, &[&task]),
    };
    let written = plan.clone().with_placeholders(&secrets);
    let task = &written.plan.tasks[0].task;
    assert_eq!(task.args, stored);
    assert_eq!(task.policy.env["OTHER"], "{secret:OTHER}");
    assert_eq!(task.policy.env["URL"], "https://me:{secret:TOKEN}@host");
    assert_eq!(
        task.policy.working_directory.as_deref(),
        Some("/srv/{secret:TOKEN}".as_ref())
    );

    // Hidden once more it stays what it is: here with the task's own value, which is not written.
    let mut again = plan.clone();
    again.hide_secrets(&secrets);
    assert_eq!(again, plan);
}

//! Tasks with cron expressions: in the file, in the plan, in what comes next, and run by hand.

use crate::support::Place;

const SCHEDULE: &str = r#"
groups:
  polls:
    timezone: Europe/Berlin
    tasks:
      - {command: often, schedule: cron, cron: "5  */2 * * MON-FRI"}
      - {command: nightly, schedule: cron, cron: "@daily"}
      - {command: also_often, schedule: cron, cron: "5 */2 * * MON-FRI"}
  reports:
    default_time: "04:10"
    tasks:
      - {command: daily, schedule: daily}
      - {command: nightly, schedule: cron, cron: "@daily"}
"#;

fn planned(place: &Place, args: &[&str]) -> Vec<String> {
    let seen = place.run(&[&["plan", "--format", "json"], args].concat());
    seen.exits(0);
    let plan = seen.json();
    let tasks = plan["tasks"].as_array().unwrap();
    let name = |task: &serde_json::Value| {
        let word = |key: &str| task[key].as_str().unwrap().to_owned();
        format!("{}/{} {}", word("group"), word("name"), word("schedule"))
    };
    tasks.iter().map(name).collect()
}

#[test]
fn cron_tasks_are_selected_by_kind_and_by_expression_and_are_in_no_batch() {
    let place = Place::new(SCHEDULE);
    assert_eq!(
        planned(&place, &["--schedule", "cron"]),
        [
            "polls/often cron",
            "polls/nightly cron",
            "polls/also_often cron",
            "reports/nightly cron"
        ]
    );
    assert_eq!(
        planned(&place, &["--schedule", "cron", "--cron", " 5 */2  * * MON-FRI"]),
        ["polls/often cron", "polls/also_often cron"]
    );
    assert_eq!(
        planned(
            &place,
            &["--schedule", "cron", "--cron", "@daily", "--group", "reports"]
        ),
        ["reports/nightly cron"]
    );
    assert_eq!(
        planned(&place, &["--schedule", "default", "--group", "reports"]),
        ["reports/daily daily"]
    );
    assert!(planned(&place, &["--schedule", "default", "--group", "polls"]).is_empty());

    let none = place.run(&["plan", "--schedule", "cron", "--cron", "@hourly"]);
    none.exits(2);
    none.says("no task has the cron expression \"@hourly\"; there are \"5 */2 * * MON-FRI\", \"@daily\"");
    let wrong = place.run(&["run", "--schedule", "cron", "--cron", "0 0 L * *"]);
    wrong.exits(2);
    wrong.says("the day of the month cannot be `L`");
}

#[test]
fn what_comes_next_has_an_entry_for_each_expression_and_zone() {
    let place = Place::new(SCHEDULE);
    let seen = place.run(&["next", "--format", "json"]);
    seen.exits(0);
    let next = seen.json();
    let mut entries: Vec<String> = next
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"] == "cron")
        .map(|entry| {
            format!(
                "{} {} {}",
                entry["cron"],
                entry["timezone"],
                entry["tasks"].as_array().unwrap().len()
            )
        })
        .collect();
    entries.sort();
    assert_eq!(
        entries,
        [
            "\"5 */2 * * MON-FRI\" \"Europe/Berlin\" 2",
            "\"@daily\" \"Europe/Berlin\" 1",
            "\"@daily\" \"UTC\" 1",
        ]
    );
    let text = place.run(&["next"]);
    text.exits(0);
    assert!(
        text.stdout.contains("cron @daily Europe/Berlin"),
        "{}",
        text.stdout
    );
    let why = place.run(&["why", "often"]);
    why.exits(0);
    assert!(
        why.stdout
            .contains("cron says: 5 */2 * * MON-FRI (Europe/Berlin)"),
        "{}",
        why.stdout
    );
}

#[test]
fn a_cron_task_runs_by_hand_and_knows_its_kind() {
    let place = Place::new("groups: {g: {tasks: [{command: tick, schedule: cron, cron: '*/5 * * * *'}]}}");
    place.script("tick", "#!/bin/sh\necho \"$ORCHESTRATE_SCHEDULE\" > kind\n");
    place.run(&["run", "--schedule", "cron"]).exits(0);
    assert_eq!(std::fs::read_to_string(place.path("kind")).unwrap(), "cron\n");
    let history = place.run(&["history", "--format", "json"]);
    history.exits(0);
    assert_eq!(history.json()[0]["schedule"], "cron");
}

#[test]
fn a_wrong_expression_and_a_missing_time_of_a_batch_are_faults_of_the_file() {
    let place = Place::new(
        "groups:\n  g:\n    tasks:\n      - {command: a, schedule: cron, cron: \"0 0 5W * *\"}\n      \
         - {command: b, schedule: daily}\n      - {command: c, schedule: cron}\n      \
         - {command: d, schedule: daily, cron: \"@daily\"}\n",
    );
    let seen = place.run(&["check", "--schedule-only"]);
    seen.exits(2);
    for expected in [
        "E033-bad-cron",
        "the day of the month cannot be `5W`",
        "the group `g` has no `default_time`",
        "a task with `schedule: cron` needs `cron`",
        "`cron` does not apply to `schedule: daily`",
    ] {
        seen.says(expected);
    }
}

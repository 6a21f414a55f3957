//! What collectors keep from run to run.

use std::fs;

use super::{mode, set_mode};
use crate::support::Place;

const PATHS: &str = r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: ./a/run.sh, schedule: daily}
      - {command: ./b/run.sh, schedule: daily}
      - {command: ./b/alone.sh, schedule: daily}
      - {command: plain, schedule: daily}
"#;

#[test]
fn collectors_share_no_workspace_and_none_is_lost_by_an_update() {
    let place = Place::new(PATHS);
    let script =
        "#!/bin/sh\ncat \"$ORCHESTRATE_WORKSPACE\"/*\necho \"of $0\" > \"$ORCHESTRATE_WORKSPACE/kept\"\n";
    place.script("plain", script);
    for path in ["a/run.sh", "b/run.sh", "b/alone.sh"] {
        fs::create_dir_all(place.path(path).parent().unwrap()).unwrap();
        fs::write(place.path(path), script).unwrap();
        set_mode(place.path(path), 0o755);
    }
    // As an earlier version left them.
    for name in ["run.sh", "alone.sh", "plain"] {
        let workspace = place.state().join("workspaces").join(name);
        fs::create_dir_all(&workspace).unwrap();
        fs::write(workspace.join("kept"), format!("before: {name}\n")).unwrap();
    }
    let first = place.run(&["run", "--schedule", "daily"]);
    first
        .exits(0)
        .says("before: alone.sh")
        .says("before: plain")
        .says_not("before: run.sh");
    first.says("./a/run.sh has a workspace of its own now");
    assert_eq!(
        fs::read_to_string(place.state().join("workspaces/run.sh/kept")).unwrap(),
        "before: run.sh\n"
    );
    let second = place.run(&["run", "--schedule", "daily"]);
    second.exits(0);
    for path in ["a/run.sh", "b/run.sh", "b/alone.sh"] {
        second.says(&format!("[g/./{path}] of {}", place.path(path).display()));
    }
    second.says_not("workspace of its own");
    assert_eq!(mode(place.state().join("workspaces")), 0o700);
}

#[test]
fn a_task_has_its_own_workspace_where_the_schedule_says_so() {
    let schedule = |group: &str| {
        format!(
            r#"
groups:
  g:
    default_time: "04:10"
{group}    tasks:
      - {{command: keeps, schedule: daily}}
      - {{command: keeps, name: own, schedule: daily, workspace: task}}
  h:
    default_time: "04:10"
    workspace: task
    tasks:
      - {{command: keeps, schedule: daily}}
      - {{command: keeps, name: shared, schedule: daily, workspace: command}}
"#
        )
    };
    let place = Place::new(&schedule(""));
    // Each says who was here before it, and leaves its name.
    place.script(
        "keeps",
        "#!/bin/sh\ncd \"$ORCHESTRATE_WORKSPACE\" && echo \"before:\" $(cat names) \
         && echo \"$ORCHESTRATE_GROUP/$ORCHESTRATE_TASK\" >> names\n",
    );
    let run = || {
        let seen = place.run(&["run", "--schedule", "daily"]);
        seen.exits(0);
        seen
    };
    run()
        .says("[h/shared] before: g/keeps\n")
        .says("[g/own] before:\n")
        .says("[h/keeps] before:\n");
    run()
        .says("[g/own] before: g/own\n")
        .says("[h/keeps] before: h/keeps\n")
        .says("[g/keeps] before: g/keeps h/shared\n");
    // The file may say it for all; then nothing is there for who comes late.
    place.schedule(&format!("defaults: {{workspace: task}}\n{}", schedule("")));
    run()
        .says("[g/keeps] before:\n")
        .says("g/keeps has a workspace of its own now, which is empty")
        .says("[g/own] before: g/own g/own\n")
        .says_not("g/own has a workspace of its own now");
    place.schedule(&schedule("    workspace: tasks\n"));
    place
        .run(&["check"])
        .exits(2)
        .says("`workspace` cannot be `tasks`")
        .says("did you mean `task`?");
}

//! A recorded run in which every field that a collector, a file or a peer fills is hostile.

use serde_json::{Value, json};

use super::*;
use crate::events::RunEvent;
use crate::model::RunId;
use crate::store::runs::write::Gaps;

/// Breaks out of text, of an attribute, of a script, of a template; hides and reorders.
pub(super) const HOSTILE: &str = "\"><img src=x onerror=alert(1)></title><script>alert(2)</script>\
    <!-- ]]> {{7*7}} ' javascript:alert(3) &lt; \u{202e}gpj\u{200b}\u{2028}\0\u{1b}]8;;http://evil\u{7}\u{1b}[2J";

/// What of it would be markup if it were not escaped.
pub(super) const MARKUP: [&str; 6] = [
    "<img src=x",
    "<script>alert",
    "</title><script",
    "\"><img",
    "&lt;",
    "onerror=alert(1)>",
];

/// Ids are ours: they cannot be hostile.
pub(super) const RUN: &str = "20261124-041000-d014f0";

/// A run of a group and a collector with that name: it failed, was tried twice, said much.
pub(super) async fn hostile_run(site: &Fixture) {
    record(site, RUN, 1, events()).await;
}

/// The same run in its second try, which goes on.
pub(super) async fn hostile_run_goes_on(site: &Fixture) {
    record(site, RUN, 1, events()[..4].to_vec()).await;
}

/// Its end.
pub(super) async fn hostile_run_ends(site: &Fixture) {
    record(site, RUN, 5, events()[4..].to_vec()).await;
}

/// A run that began in this minute after four and had nothing to do.
pub(super) async fn ended_run(site: &Fixture, id: &str, minute: i64) {
    let at = format!("2026-11-24T04:{minute}:00Z");
    let events = vec![
        json!({
            "event": "run_started", "run": id, "schedule": "daily", "group": null, "at": at,
            "owner": { "host": "h", "boot": "b", "pid": 1, "started": 1 }, "tasks": [],
        }),
        json!({
            "event": "run_finished", "run": id, "schedule": "daily", "started_at": at, "finished_at": at,
            "succeeded": 0, "failed": 0, "skipped": 0, "success": true, "exit_code": 0, "tasks": [],
        }),
    ];
    record(site, id, 1, events).await;
}

async fn record(site: &Fixture, run: &str, from: u64, events: Vec<Value>) {
    let read = |event| Arc::new(serde_json::from_value::<RunEvent>(event).unwrap());
    let events: Vec<(u64, Arc<RunEvent>)> = (from..).zip(events.into_iter().map(read)).collect();
    let run = RunId::new(run);
    site.store
        .apply(&run, &events, Gaps::Forgotten, None)
        .await
        .unwrap();
}

fn events() -> Vec<Value> {
    let text = HOSTILE;
    let task = json!({ "position": 1, "group": text, "name": text, "command": text });
    let with = |more: Value| {
        let mut task = task.clone();
        task.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        task
    };
    let attempt = |number: u32| {
        json!({
            "number": number, "started_at": "2026-11-24T04:10:00Z", "finished_at": "2026-11-24T04:11:00Z",
            "outcome": "failed", "exit_code": 3, "signal": null, "reason": text,
            "log": format!("runs/{RUN}/1-x.{number}.log"), "isolation": text,
        })
    };
    let ended = with(json!({
        "args": [text], "outcome": "failed", "exit_code": 3, "signal": null, "reason": text,
        "category": null, "hint": text, "attempts": 2, "duration_ms": 60_000,
        "max_rss_bytes": 1_000_000, "cpu_ms": 7, "stdout_bytes": 10, "stderr_bytes": 10, "lines": 2,
        "truncated": false, "leaked": true, "leftovers": [text], "records": null, "warnings": [text],
        "log": format!("runs/{RUN}/1-x.2.log"), "tail": [text],
    }));
    let finished = with(json!({
        "event": "task_finished", "at": "2026-11-24T04:11:00Z", "last_attempt": attempt(2),
    }));
    let mut finished = finished;
    finished
        .as_object_mut()
        .unwrap()
        .extend(ended.as_object().unwrap().clone());
    vec![
        json!({
            "event": "run_started", "run": RUN, "schedule": text, "group": text,
            "at": "2026-11-24T04:10:00Z",
            "owner": { "host": text, "boot": "b", "pid": 1, "started": 1 },
            "tasks": [with(json!({ "args": [text], "schedule": text }))],
        }),
        with(json!({
            "event": "task_started", "attempt": 1, "at": "2026-11-24T04:10:00Z", "timeout_ms": null,
            "log": format!("runs/{RUN}/1-x.1.log"),
        })),
        with(json!({ "event": "task_retry", "attempt": attempt(1), "delay_ms": 10 })),
        with(json!({
            "event": "task_started", "attempt": 2, "at": "2026-11-24T04:10:00Z", "timeout_ms": null,
            "log": format!("runs/{RUN}/1-x.2.log"),
        })),
        finished,
        json!({
            "event": "run_finished", "run": RUN, "schedule": text, "started_at": "2026-11-24T04:10:00Z",
            "finished_at": "2026-11-24T04:11:00Z", "succeeded": 0, "failed": 1, "skipped": 0,
            "success": false, "exit_code": 1, "tasks": [ended],
        }),
    ]
}

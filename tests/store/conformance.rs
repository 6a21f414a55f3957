//! What the store promises, the same on SQLite and on PostgreSQL.

use orchestrator::model::{Because, Exit, Outcome, RunId};
use orchestrator::store::{HistoryFilter, KnownTask, RunHeader, RunStatus, Store, this_process};

use crate::run_events::{Home, Story, at, dead};

on_both!(
    a_run_is_read_back_as_it_was_told,
    an_attempt_that_none_follows_ends_once,
    a_run_that_goes_on_says_so,
    what_is_told_twice_is_known_once,
    illegal_changes_are_refused,
    history_is_filtered,
    runs_are_found_by_the_beginning_of_their_id,
    migrations_are_applied_once_by_whoever_is_first,
    a_database_of_a_newer_version_is_left_alone,
    many_runs_at_once_wait_for_each_other,
);

fn failed() -> Outcome {
    Outcome::Failed(Exit::Code(3))
}

/// Cancelled while another attempt is waited for: told in one batch, and one by one.
async fn an_attempt_that_none_follows_ends_once(home: &Home) {
    let store = home.open().await;
    for (id, at_once) in [("at-once", true), ("one-by-one", false)] {
        let mut story = Story::new(id, 0, &["a"], this_process().unwrap());
        story.start(1).retry(1);
        if !at_once {
            assert!(story.tell(&store).await.failure.is_none());
        }
        story.is_not_tried_again().finish();
        let told = story.tell(&store).await;
        assert!(told.failure.is_none(), "{id}: {told:?}");
        let record = store.run(&story.run).await.unwrap().unwrap();
        assert_eq!(record.header.state, RunStatus::Finished, "{id}");
        assert_eq!(record.tasks[0].summary.outcome.as_str(), "failed");
        let [attempt] = &record.tasks[0].attempt_list[..] else {
            panic!("{id}: one attempt");
        };
        assert_eq!(attempt.reason.as_deref(), Some("exited with code 75 (temporary)"));
    }
    store.close().await;
}

async fn a_run_is_read_back_as_it_was_told(home: &Home) {
    let store = home.open().await;
    let mut story = Story::new(
        "20261125-000000-aaaaaa",
        0,
        &["a", "b", "c"],
        this_process().unwrap(),
    );
    let stopped = Outcome::Skipped(Because::StoppedAfter {
        name: "b".into(),
        exit: "exited with code 3".into(),
    });
    story.start(1).retry(1).start(2).end(2, Outcome::Succeeded);
    story.does(failed()).skip(stopped).finish();
    assert!(story.tell(&store).await.failure.is_none());
    let record = store.run(&story.run).await.unwrap().unwrap();
    let header = &record.header;
    assert_eq!(
        (header.state, header.success, header.exit_code),
        (RunStatus::Finished, Some(false), Some(1))
    );
    assert_eq!((header.succeeded, header.failed, header.skipped), (1, 1, 1));
    assert_eq!((header.started_at, header.finished_at), (at(0), Some(at(6))));
    assert_eq!(header.owner, this_process().unwrap());
    let outcomes: Vec<_> = record
        .tasks
        .iter()
        .map(|task| task.summary.outcome.as_str())
        .collect();
    assert_eq!(outcomes, ["succeeded", "failed", "skipped"]);
    let attempts: Vec<_> = record.tasks.iter().map(|task| task.attempt_list.len()).collect();
    assert_eq!(attempts, [2, 1, 0]);
    let task = &record.tasks[1].summary;
    assert_eq!(task.reason, "exited with code 3");
    assert_eq!(task.args, ["--all", "nul\u{2400}"], "no database text holds NUL");
    assert_eq!(task.tail[1], "nul \u{2400}, snowman \u{2603}");
    assert_eq!(task.max_rss_bytes, i64::MAX as u64, "the largest that SQL has");
    assert!(task.truncated && task.leaked);
    assert_eq!(record.tasks[0].attempt_list[0].exit_code, Some(75));
    assert_eq!(
        record.tasks[2].summary.reason,
        "stopped after b exited with code 3"
    );
    assert!(store.run(&RunId::new("other")).await.unwrap().is_none());
    store.close().await;
}

async fn a_run_that_goes_on_says_so(home: &Home) {
    let store = home.open().await;
    let mut story = Story::new("r", 0, &["a", "b", "c"], this_process().unwrap());
    story.does(Outcome::Succeeded).start(1);
    story.tell(&store).await;
    let record = store.run(&story.run).await.unwrap().unwrap();
    assert_eq!(
        (record.header.state, record.header.exit_code),
        (RunStatus::Running, None)
    );
    let outcomes: Vec<_> = record
        .tasks
        .iter()
        .map(|task| task.summary.outcome.as_str())
        .collect();
    assert_eq!(outcomes, ["succeeded", "running", "pending"]);
    assert_eq!(record.tasks[1].summary.log.as_deref(), Some("runs/r/2-b.1.log"));
    store.close().await;
}

/// Whoever is not sure whether a batch arrived sends it again.
async fn what_is_told_twice_is_known_once(home: &Home) {
    let store = home.open().await;
    let mut story = Story::new("r", 0, &["a", "b"], this_process().unwrap());
    story.start(1).retry(1).start(2);
    story.tell(&store).await;
    story.end(2, failed()).does(Outcome::Succeeded).finish();
    assert!(story.tell(&store).await.failure.is_none());
    let once = store.run(&story.run).await.unwrap();
    assert!(story.tell(&store).await.failure.is_none());
    assert_eq!(store.run(&story.run).await.unwrap(), once);
    assert_eq!(once.unwrap().tasks[0].attempt_list.len(), 2);
    store.close().await;
}

async fn illegal_changes_are_refused(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    let refused = async |story: &Story| {
        let (missing, error) = story.tell(&store).await.failure.expect("it was accepted");
        assert!(!error.may_pass(), "{error}");
        (missing, error.to_string())
    };
    // A run without a beginning.
    let mut headless = Story::new("headless", 0, &["a"], owner.clone());
    headless.does(failed()).finish().events.remove(0);
    let (missing, said) = refused(&headless).await;
    assert_eq!(
        (missing, said.as_str()),
        (3, "database: run headless has no beginning")
    );
    // A task that ends twice.
    let mut twice = Story::new("twice", 0, &["a"], owner.clone());
    twice.does(failed());
    let again = twice.events.last().unwrap().clone();
    twice.events.push(again);
    refused(&twice).await;
    // An attempt that starts twice.
    let mut restart = Story::new("restart", 0, &["a"], owner.clone());
    restart.start(1).start(1);
    refused(&restart).await;
    // A run that finishes twice.
    let mut finish = Story::new("finish", 0, &["a"], owner.clone());
    finish.does(failed()).finish().finish();
    refused(&finish).await;
    // An outcome that is none.
    let mut unknown = Story::new("unknown", 0, &["a"], owner);
    unknown.does(failed());
    if let Some(orchestrator::events::RunEvent::TaskFinished { task, .. }) = unknown.events.last_mut() {
        task.outcome = orchestrator::model::TaskStatus::Running;
    }
    refused(&unknown).await;
    // What was refused left nothing behind: a batch is whole or not there.
    assert_eq!(store.history(&everything()).await.unwrap(), []);
    store.close().await;
}

fn everything() -> HistoryFilter {
    HistoryFilter {
        last: 100,
        ..HistoryFilter::default()
    }
}

async fn history_is_filtered(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    for (id, start, commands, outcome) in [
        ("one", 0, ["a", "b"], Some(Outcome::Succeeded)),
        ("two", 10, ["b", "b"], Some(failed())),
        ("three", 20, ["c", "c"], Some(Outcome::Lost("why".into()))),
        ("four", 30, ["b", "c"], None),
    ] {
        let mut story = Story::new(id, start, &commands, owner.clone());
        match outcome {
            Some(outcome) => story.does(outcome.clone()).does(outcome).finish(),
            None => story.start(1),
        };
        assert!(story.tell(&store).await.failure.is_none());
    }
    let ids = async |change: fn(&mut HistoryFilter)| {
        let mut filter = everything();
        change(&mut filter);
        let runs = store.history(&filter).await.unwrap();
        runs.iter()
            .map(|run| run.run.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(ids(|_| {}).await, "four three two one");
    assert_eq!(ids(|filter| filter.last = 2).await, "four three");
    assert_eq!(
        ids(|filter| filter.tasks = vec![KnownTask {
            group: "g".into(),
            name: "b".into(),
            command: "b".into()
        }])
        .await,
        "four two one"
    );
    assert_eq!(
        ids(|filter| {
            filter.tasks = vec![KnownTask {
                group: "g".into(),
                name: "b".into(),
                command: "b".into(),
            }];
            filter.last = 2;
        })
        .await,
        "four two",
        "a run with the collector twice counts once"
    );
    assert_eq!(
        ids(|filter| filter.group = Some("g".into())).await,
        "four three two one"
    );
    assert_eq!(ids(|filter| filter.group = Some("x".into())).await, "");
    assert_eq!(ids(|filter| filter.outcome = Some("failed".into())).await, "two");
    assert_eq!(
        ids(|filter| filter.outcome = Some("running".into())).await,
        "four"
    );
    assert_eq!(
        ids(|filter| {
            filter.outcome = Some("running".into());
            filter.tasks = vec![KnownTask {
                group: "g".into(),
                name: "a".into(),
                command: "a".into(),
            }];
        })
        .await,
        ""
    );
    assert_eq!(
        ids(|filter| {
            filter.since = Some(at(10));
            filter.until = Some(at(30));
        })
        .await,
        "three two"
    );
    assert_eq!(
        ids(|filter| {
            filter.tasks = vec![KnownTask {
                group: "g".into(),
                name: "b".into(),
                command: "b".into(),
            }];
            filter.outcome = Some("succeeded".into());
            filter.until = Some(at(30));
        })
        .await,
        "one"
    );
    let last = store.last_outcomes("g", "b", 2).await.unwrap();
    let last: Vec<_> = last
        .iter()
        .map(|last| (last.run.as_str(), last.outcome.as_str()))
        .collect();
    assert_eq!(last, [("four", "running"), ("two", "failed")]);
    store.close().await;
}

async fn runs_are_found_by_the_beginning_of_their_id(home: &Home) {
    let store = home.open().await;
    assert_eq!(store.find_run("last").await.unwrap(), []);
    for (id, start) in [("20261125-000000-aaaaaa", 0), ("20261125-000000-ab0000", 1)] {
        Story::new(id, start, &["a"], dead()).tell(&store).await;
    }
    let found = async |prefix: &str| store.find_run(prefix).await.unwrap().len();
    assert_eq!(found("2026").await, 2);
    assert_eq!(found("20261125-000000-aa").await, 1);
    assert_eq!(found("20261125-000000-ab0000").await, 1);
    assert_eq!(found("20261125-000000-ab00001").await, 0);
    assert_eq!(found("%").await, 0);
    // Any part that no other has will do.
    assert_eq!(found("ab0000").await, 1);
    assert_eq!(found("00-a").await, 2);
    assert_eq!(found("_").await, 0);
    assert_eq!(
        store.find_run("last").await.unwrap()[0].as_str(),
        "20261125-000000-ab0000"
    );
    store.close().await;
}

async fn migrations_are_applied_once_by_whoever_is_first(home: &Home) {
    let before = Store::connect(home.url.as_deref(), home.path()).await.unwrap();
    assert!(
        before
            .migrations()
            .await
            .unwrap()
            .iter()
            .all(|step| !step.applied)
    );
    let opened = futures(6, async || home.open().await.close().await);
    opened.await;
    let after = before.migrations().await.unwrap();
    assert!(
        !after.is_empty() && after.iter().all(|step| step.applied),
        "{after:?}"
    );
    before.close().await;
}

async fn a_database_of_a_newer_version_is_left_alone(home: &Home) {
    home.open().await.close().await;
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (9999, 'future', true, 'x', 0)";
    home.sql(newer).await;
    let error = Store::open(home.url.as_deref(), home.path()).await.unwrap_err();
    assert!(
        error.to_string().ends_with(
            "it has migration 9999, which this version of orchestrate does not know; use a newer one"
        ),
        "{error}"
    );
}

/// Does it `count` times at once.
async fn futures(count: usize, what: impl AsyncFn()) {
    let mut all: Vec<_> = (0..count).map(|_| Box::pin(what())).collect();
    std::future::poll_fn(|context| {
        all.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if all.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

async fn many_runs_at_once_wait_for_each_other(home: &Home) {
    let number = std::cell::Cell::new(0);
    futures(16, async || {
        // Each with connections of its own, as if it were a process of its own.
        let store = home.open().await;
        let mine = number.replace(number.get() + 1);
        let mut story = Story::new(
            &format!("run-{mine:02}"),
            mine,
            &["a"; 20],
            this_process().unwrap(),
        );
        for _ in 0..20 {
            story.does(Outcome::Succeeded);
        }
        let end = story.finish().tell(&store).await;
        assert!(end.failure.is_none(), "{end:?}");
        store.close().await;
    })
    .await;
    let store = home.open().await;
    let runs: Vec<RunHeader> = store.history(&everything()).await.unwrap();
    assert_eq!(runs.len(), 16);
    assert!(runs.iter().all(|run| run.succeeded == 20), "{runs:?}");
    store.close().await;
}

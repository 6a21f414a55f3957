//! After a crash: journals come in exactly once, the dead are given up, the living
//! and the strangers are left alone.

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use orchestrator::events::{Bus, RunEvent};
use orchestrator::model::{Exit, Outcome, Owner, Retention};
use orchestrator::store::{Recovered, RunStatus, Store, record, this_process};

use crate::run_events::{Home, Story, at, dead};

on_both!(
    a_journal_is_brought_in_exactly_once,
    the_database_had_a_part_of_it,
    a_torn_last_line_did_not_happen,
    a_line_that_a_full_disk_tore_is_passed_over,
    a_dead_run_is_lost_with_the_reason,
    the_living_and_the_strangers_are_left_alone,
    a_restarted_machine_has_no_living_runs,
    a_lost_run_whose_journal_turns_up_is_known_again,
    two_that_start_at_once_recover_once,
    a_database_that_forgets_is_told_again,
);

fn failed() -> Outcome {
    Outcome::Failed(Exit::Code(3))
}

async fn recover(store: &Store, home: &Home) -> Recovered {
    let here = this_process().unwrap();
    store.recover(home.path(), &here, at(3600)).await.unwrap()
}

async fn outcomes(store: &Store, story: &Story) -> (RunStatus, String) {
    let record = store.run(&story.run).await.unwrap().unwrap();
    let outcomes: Vec<_> = record
        .tasks
        .iter()
        .map(|task| task.summary.outcome.as_str())
        .collect();
    (record.header.state, outcomes.join(" "))
}

fn noted(home: &Home) -> usize {
    fs::read_dir(home.path().join("unrecorded")).map_or(0, Iterator::count)
}

/// A run whose process saw its end, with a database that was away all the time.
fn whole(id: &str) -> Story {
    let mut story = Story::new(id, 0, &["a", "b"], dead());
    story.start(1).retry(1).start(2).end(2, Outcome::Succeeded);
    story.does(failed()).finish();
    story
}

async fn a_journal_is_brought_in_exactly_once(home: &Home) {
    let store = home.open().await;
    let story = whole("r");
    story.write_down(home.path()).await;
    assert_eq!(noted(home), 1);
    let found = recover(&store, home).await;
    assert_eq!(found.imported, std::slice::from_ref(&story.run));
    assert_eq!((found.lost.len(), found.problems.len()), (0, 0), "{found:?}");
    assert_eq!(
        outcomes(&store, &story).await,
        (RunStatus::Finished, "succeeded failed".into())
    );
    let once = store.run(&story.run).await.unwrap();
    assert_eq!(noted(home), 0);
    assert_eq!(recover(&store, home).await, Recovered::default());
    // By hand, again: nothing is new in it.
    let mut found = Recovered::default();
    store.import(home.path(), &story.run, &mut found).await.unwrap();
    assert_eq!(found, Recovered::default());
    assert_eq!(store.run(&story.run).await.unwrap(), once);
    store.close().await;
}

async fn the_database_had_a_part_of_it(home: &Home) {
    let store = home.open().await;
    let story = whole("r");
    let all = story.events.len();
    for known in 0..=all {
        let mut story = story.clone();
        story.run = orchestrator::model::RunId::new(format!("r{known}"));
        for event in &mut story.events {
            match event {
                RunEvent::RunStarted { run, .. } => *run = story.run.clone(),
                RunEvent::RunFinished(summary) => summary.run = story.run.clone(),
                _ => {}
            }
        }
        story.write_down(home.path()).await;
        let mut begun = story.clone();
        begun.events.truncate(known);
        begun.tell(&store).await;
        let found = recover(&store, home).await;
        assert_eq!(
            found.imported.len(),
            usize::from(known < all),
            "{known}: {found:?}"
        );
        assert_eq!(
            outcomes(&store, &story).await,
            (RunStatus::Finished, "succeeded failed".into()),
            "{known}"
        );
        let record = store.run(&story.run).await.unwrap().unwrap();
        assert_eq!(record.tasks[0].attempt_list.len(), 2, "{known}");
    }
    store.close().await;
}

async fn a_torn_last_line_did_not_happen(home: &Home) {
    let store = home.open().await;
    let mut story = Story::new("r", 0, &["a", "b"], dead());
    story.does(Outcome::Succeeded).start(1);
    story.write_down(home.path()).await;
    let journal = home.path().join("runs/r/journal.jsonl");
    let text = fs::read(&journal).unwrap();
    fs::write(&journal, &text[..text.len() - 7]).unwrap();
    let found = recover(&store, home).await;
    assert_eq!(
        (found.imported.len(), found.lost.len(), found.problems.len()),
        (1, 1, 0)
    );
    assert_eq!(
        outcomes(&store, &story).await,
        (RunStatus::Lost, "succeeded skipped".into())
    );
    store.close().await;
}

async fn a_line_that_a_full_disk_tore_is_passed_over(home: &Home) {
    let store = home.open().await;
    let story = whole("r");
    story.write_down(home.path()).await;
    let journal = home.path().join("runs/r/journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    // The end of the first task is torn, the start of the second is missing.
    let mut lines: Vec<&str> = text.lines().collect();
    lines[4] = &lines[4][..40];
    lines.remove(5);
    let mut file = fs::File::create(&journal).unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
    let found = recover(&store, home).await;
    assert_eq!((found.imported.len(), found.problems.len()), (1, 1), "{found:?}");
    assert!(found.problems[0].contains("journal.jsonl: line 5: "), "{found:?}");
    assert_eq!(
        outcomes(&store, &story).await,
        (RunStatus::Finished, "succeeded failed".into())
    );
    store.close().await;
}

async fn a_dead_run_is_lost_with_the_reason(home: &Home) {
    let store = home.open().await;
    let mut story = Story::new("r", 0, &["a", "b", "c", "d"], dead());
    story.does(Outcome::Succeeded).start(1).retry(1).start(2);
    story.tell(&store).await;
    let found = recover(&store, home).await;
    let owner = dead();
    let reason = format!(
        "orchestrate (pid {} on {}) ended without a record: it was killed or the machine restarted",
        owner.pid, owner.host
    );
    assert_eq!(found.lost, [(story.run.clone(), reason.clone())]);
    assert_eq!(
        recover(&store, home).await,
        Recovered::default(),
        "once is enough"
    );
    let record = store.run(&story.run).await.unwrap().unwrap();
    let header = &record.header;
    assert_eq!(
        (header.state, header.success, header.exit_code),
        (RunStatus::Lost, Some(false), None)
    );
    assert_eq!((header.succeeded, header.failed, header.skipped), (1, 1, 2));
    assert_eq!(
        (header.finished_at, header.lost.as_ref()),
        (Some(at(3600)), Some(&reason))
    );
    let task = &record.tasks[1];
    assert_eq!(
        (task.summary.outcome.as_str(), &task.summary.reason),
        ("lost", &reason)
    );
    assert_eq!(task.summary.log.as_deref(), Some("runs/r/2-b.2.log"));
    let attempts: Vec<_> = task
        .attempt_list
        .iter()
        .map(|one| one.outcome.as_deref().unwrap())
        .collect();
    assert_eq!(attempts, ["failed", "lost"]);
    // What never began was not lost: it is known that it did not run.
    assert_eq!(record.tasks[2].summary.outcome.as_str(), "skipped");
    assert_eq!(record.tasks[3].summary.reason, format!("not started: {reason}"));
    store.close().await;
}

async fn the_living_and_the_strangers_are_left_alone(home: &Home) {
    let store = home.open().await;
    let mut stranger = dead();
    stranger.host.push_str("-other");
    stranger.boot.push('x');
    let mut stories = Vec::new();
    for (id, owner) in [("living", this_process().unwrap()), ("stranger", stranger)] {
        let mut story = Story::new(id, 0, &["a", "b"], owner);
        story.start(1).tell(&store).await;
        stories.push(story);
    }
    // By its process id this one is dead, but somebody holds its journal.
    let mut locked = Story::new("locked", 0, &["a", "b"], dead());
    locked.start(1).tell(&store).await;
    let journal = locked.journal(home.path());
    stories.push(locked.clone());
    assert_eq!(recover(&store, home).await, Recovered::default());
    for story in &stories {
        assert_eq!(
            outcomes(&store, story).await,
            (RunStatus::Running, "running pending".into())
        );
    }
    drop(journal);
    assert_eq!(recover(&store, home).await.lost.len(), 1);
    store.close().await;
}

async fn a_restarted_machine_has_no_living_runs(home: &Home) {
    let store = home.open().await;
    let here = this_process().unwrap();
    let earlier = Owner {
        boot: "00000000-0000-0000-0000-000000000000".into(),
        ..here.clone()
    };
    let mut story = Story::new("r", 0, &["a"], earlier);
    story.start(1).tell(&store).await;
    assert_eq!(recover(&store, home).await.lost.len(), 1);
    store.close().await;
}

/// Somebody with another state directory gave it up; its own one knows more.
async fn a_lost_run_whose_journal_turns_up_is_known_again(home: &Home) {
    let store = home.open().await;
    let story = whole("r");
    let mut begun = story.clone();
    begun.events.truncate(4);
    begun.tell(&store).await;
    let elsewhere = Home::new(None);
    assert_eq!(recover(&store, &elsewhere).await.lost.len(), 1);
    assert_eq!(
        outcomes(&store, &story).await,
        (RunStatus::Lost, "lost skipped".into())
    );
    story.write_down(home.path()).await;
    assert_eq!(recover(&store, home).await.imported.len(), 1);
    assert_eq!(
        outcomes(&store, &story).await,
        (RunStatus::Finished, "succeeded failed".into())
    );
    let record = store.run(&story.run).await.unwrap().unwrap();
    let header = record.header;
    assert_eq!((header.lost, header.exit_code), (None, Some(1)));
    store.close().await;
}

async fn two_that_start_at_once_recover_once(home: &Home) {
    let store = home.open().await;
    whole("journal").write_down(home.path()).await;
    let mut story = Story::new("dead", 0, &["a"], dead());
    story.start(1).tell(&store).await;
    let (here, other) = (this_process().unwrap(), home.open().await);
    let (one, two) = tokio::join!(
        store.recover(home.path(), &here, at(3600)),
        other.recover(home.path(), &here, at(3600))
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.lost.len() + two.lost.len(), 1, "{one:?} {two:?}");
    assert_eq!((one.problems, two.problems), (Vec::new(), Vec::new()));
    assert_eq!(
        store.run(&whole("journal").run).await.unwrap().unwrap().tasks[0]
            .attempt_list
            .len(),
        2
    );
    other.close().await;
    store.close().await;
}

/// A failover to a copy that was behind loses what had been confirmed.
async fn a_database_that_forgets_is_told_again(home: &Home) {
    let store = home.open().await;
    let story = whole("r");
    let mut bus = Bus::new(vec![story.journal(home.path())]);
    let queue = bus.subscribe(false);
    let (run, state) = (story.run.clone(), home.path().to_owned());
    let recorder = tokio::spawn(record(
        store.clone(),
        run,
        state,
        queue,
        Duration::from_secs(60),
        Arc::default(),
    ));
    let (before, after) = story.events.split_at(3);
    for event in before {
        bus.publish(event.clone()).await;
    }
    while store
        .run(&story.run)
        .await
        .unwrap()
        .is_none_or(|run| run.tasks[0].attempt_list.is_empty())
    {
        tokio::task::yield_now().await;
    }
    let keep_none = Retention {
        count: Some(0),
        ..Retention::EVERYTHING
    };
    // There is no verb that forgets a run that goes on; the test is told how.
    assert_eq!(
        store
            .prune(home.path(), &keep_none, at(0), false)
            .await
            .unwrap()
            .seen,
        0
    );
    home.sql("delete from runs where id = 'r'").await;
    for event in after {
        bus.publish(event.clone()).await;
    }
    drop(bus);
    let end = recorder.await.unwrap();
    assert!(end.failure.is_none(), "{end:?}");
    assert_eq!(
        outcomes(&store, &story).await,
        (RunStatus::Finished, "succeeded failed".into())
    );
    assert_eq!(noted(home), 0);
    store.close().await;
}

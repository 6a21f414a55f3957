//! What the settings do not want to be kept goes by itself.

use std::fs;
use std::time::Duration;

use orchestrator::model::{Exit, Outcome, Retention};
use orchestrator::rundir::RunDir;
use orchestrator::store::{Pruned, Store, this_process};

use crate::run_events::{Home, Story, at};
use crate::support::Place;

on_both!(
    what_is_excluded_goes_and_what_must_stays,
    it_stops_when_its_time_is_over_and_goes_on,
);

const PATIENCE: Duration = Duration::from_secs(60);

/// The id of a run that began so many hours into the night of the stories.
fn id(hour: i64) -> String {
    orchestrator::model::RunId::at(at(hour * 3600), 7).to_string()
}

/// A run with a journal and, if it has one, an end.
async fn ran(home: &Home, store: &Store, hour: i64, outcome: Option<Outcome>) -> Story {
    let mut story = Story::new(&id(hour), hour * 3600, &["a"], this_process().unwrap());
    match outcome {
        Some(outcome) => story.does(outcome).finish(),
        None => story.start(1),
    };
    let journal = vec![story.journal(home.path())];
    let end = story.tell_with(store, home.path(), journal, PATIENCE).await;
    assert!(end.failure.is_none(), "{end:?}");
    story
}

fn directories(home: &Home) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(home.path().join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn one() -> Retention {
    Retention {
        count: Some(1),
        ..Retention::EVERYTHING
    }
}

async fn what_is_excluded_goes_and_what_must_stays(home: &Home) {
    let store = home.open().await;
    let failed = || Some(Outcome::Failed(Exit::Code(3)));
    let ok = || Some(Outcome::Succeeded);
    ran(home, &store, 0, ok()).await;
    // The last failure of a.
    ran(home, &store, 1, failed()).await;
    ran(home, &store, 2, ok()).await;
    // It goes on: it has no end in the database.
    let open = ran(home, &store, 3, None).await;
    // It has an end, and somebody still holds its journal.
    ran(home, &store, 4, ok()).await;
    let held = fs::File::open(home.path().join("runs").join(id(4)).join("journal.jsonl")).unwrap();
    held.lock().unwrap();
    // The database does not know this one, and will be told.
    let mut untold = Story::new(&id(5), 5 * 3600, &["b"], this_process().unwrap());
    untold.does(Outcome::Succeeded).finish();
    untold.write_down(home.path()).await;
    // Nor this one, whose journal is gone: it may be all that there is.
    RunDir::create(home.path(), &orchestrator::model::RunId::new(id(6))).unwrap();
    ran(home, &store, 7, ok()).await;
    ran(home, &store, 8, ok()).await;

    let now = at(9 * 3600);
    let tidy =
        async |retention: Retention, now| store.tidy(home.path(), &retention, now, PATIENCE).await.unwrap();
    assert_eq!(tidy(Retention::EVERYTHING, now).await, None, "nothing is to go");
    let pruned = tidy(one(), now).await.unwrap();
    assert_eq!((pruned.seen, pruned.runs, pruned.kept), (9, 3, 1), "{pruned:?}");
    assert!(pruned.bytes > 0);
    let left = [1, 3, 4, 5, 6, 8].map(id);
    assert_eq!(directories(home), left);
    for gone in [0, 2, 7] {
        assert!(
            store
                .run(&orchestrator::model::RunId::new(id(gone)))
                .await
                .unwrap()
                .is_none()
        );
    }
    assert!(store.run(&open.run).await.unwrap().is_some());
    drop(held);
    // Once an hour is enough.
    assert_eq!(tidy(one(), at(9 * 3600 + 3599)).await, None);
    assert_eq!(directories(home), left);
    let later = tidy(one(), at(10 * 3600)).await.unwrap();
    assert_eq!((later.runs, later.kept), (1, 1), "what was held is free");
    // By age: the failure is kept whatever its age.
    let since = Retention {
        age: Some(Duration::from_secs(100 * 3600)),
        ..Retention::EVERYTHING
    };
    let pruned = tidy(since, at(200 * 3600)).await.unwrap();
    assert_eq!((pruned.runs, pruned.kept), (0, 2), "the last success and failure");
    // By hand the same is kept.
    let by_hand = store
        .prune(home.path(), &since, at(200 * 3600), true)
        .await
        .unwrap();
    assert_eq!((by_hand.runs, by_hand.kept), (0, 2));
    store.close().await;
}

async fn it_stops_when_its_time_is_over_and_goes_on(home: &Home) {
    let store = home.open().await;
    for hour in 0..4 {
        ran(home, &store, hour, Some(Outcome::Succeeded)).await;
    }
    let nothing = store
        .tidy(home.path(), &one(), at(0), Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(
        nothing,
        Some(Pruned {
            seen: 4,
            ..Pruned::default()
        })
    );
    let size = |hour| {
        let dir = home.path().join("runs").join(id(hour));
        let files = fs::read_dir(dir).unwrap();
        files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum::<u64>()
    };
    // The newest two fit, the third does not, and what is older goes with it.
    let bytes = Retention {
        bytes: Some(size(3) + size(2)),
        ..Retention::EVERYTHING
    };
    let pruned = store
        .tidy(home.path(), &bytes, at(3600), PATIENCE)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((pruned.seen, pruned.runs), (4, 2));
    assert_eq!(directories(home), [2, 3].map(id));
    store.close().await;
}

#[test]
fn a_run_forgets_by_itself_what_the_settings_say() {
    let place = Place::new(
        r#"
groups:
  g:
    default_time: "04:10"
    tasks:
      - {command: fake, schedule: daily}
"#,
    );
    let count = || fs::read_dir(place.state().join("runs")).unwrap().count();
    let run = ["run", "--schedule", "daily"];
    for expected in 1..=3 {
        place.run(&run).exits(0).says_not("forgotten");
        assert_eq!(count(), expected, "a year of them is kept");
    }
    let settings = place.path("config/orchestrator.yaml");
    fs::write(&settings, "retention: {count: 2}\n").unwrap();
    place.run(&run).exits(0);
    assert_eq!(count(), 4, "the last look is no hour ago");
    fs::remove_file(place.state().join("tidied")).unwrap();
    place.run(&run).exits(0).says(" forgotten, ");
    // Within a second the order of ids is chance, and the last success stays in any case.
    let left = count();
    assert!((2..=3).contains(&left), "{left}");
    let history = place.run(&["history", "--format", "json"]).json();
    assert_eq!(history.as_array().unwrap().len(), left);
    // Whatever goes wrong with it is none of the run's.
    fs::remove_file(place.state().join("tidied")).unwrap();
    fs::create_dir(place.state().join("tidied")).unwrap();
    place.run(&run).exits(0).says("old runs cannot be forgotten");
    fs::write(&settings, "retention: {count: 0, age: 5}\n").unwrap();
    place
        .run(&run)
        .exits(2)
        .says("`count` must be a whole number from 1")
        .says("`age` has no unit");
    assert_eq!(count(), left + 1);
}

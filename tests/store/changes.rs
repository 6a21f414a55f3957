//! What deliveries changed, and of how much of it is kept: on both databases.

use std::fmt::Write as _;

use orchestrator::model::{Outcome, Retention, RunId};
use orchestrator::records::{ChangeFilter, ChangesCut, RecordChange};
use orchestrator::store::{Store, this_process};

use crate::records::{delivery, line, shelf};
use crate::run_events::{Home, Story, at};

on_both!(
    each_change_has_its_values,
    what_is_complete_is_a_census_whatever_changed,
    a_flood_is_cut_and_that_is_said,
    changes_go_with_their_run,
);

async fn take(home: &Home, store: &Store, run: &str, second: i64, events: &str) {
    let delivery = delivery(home, run, second, events);
    shelf(store).ingest(home.path(), &delivery).await.unwrap();
}

/// `collection key change before after run`
async fn changes(store: &Store, wanted: &ChangeFilter) -> Vec<String> {
    let mut found = Vec::new();
    let each = |change: &RecordChange| {
        let [before, after] = [&change.before, &change.after]
            .map(|data| data.as_ref().map_or("-", |data| data.get()).to_owned());
        let (collection, key, kind, run) = (&change.collection, &change.key, change.change, &change.run);
        found.push(format!("{collection} {key} {kind} {before} {after} {run}"));
        Ok(())
    };
    shelf(store).changes(wanted, each).await.unwrap();
    found
}

fn of(run: &str) -> ChangeFilter {
    ChangeFilter {
        run: Some(RunId::new(run)),
        ..ChangeFilter::default()
    }
}

async fn each_change_has_its_values(home: &Home) {
    let store = home.open().await;
    let one = |key: &str, n: u8| line("c", key, &format!("{{\"n\":{n}}}"));
    take(
        home,
        &store,
        "r1",
        1,
        &(one("a", 1) + &one("b", 1) + &one("z", 1)),
    )
    .await;
    take(
        home,
        &store,
        "r2",
        2,
        &(one("a", 1) + &one("b", 2) + &one("d", 1) + &line("b", "x", "{}")),
    )
    .await;
    assert_eq!(
        changes(&store, &of("r2")).await,
        [
            "b x new - {} r2",
            r#"c b changed {"n":1} {"n":2} r2"#,
            r#"c d new - {"n":1} r2"#,
            r#"c z gone {"n":1} - r2"#,
        ]
    );
    // What is gone is gone once, until it was there again.
    take(
        home,
        &store,
        "r3",
        3,
        &(one("a", 1) + &one("b", 2) + &one("d", 1)),
    )
    .await;
    assert_eq!(changes(&store, &of("r3")).await, [""; 0]);
    take(home, &store, "r4", 4, &one("z", 1)).await;
    take(
        home,
        &store,
        "r5",
        5,
        &(one("a", 1) + &one("b", 2) + &one("d", 1)),
    )
    .await;
    assert_eq!(changes(&store, &of("r5")).await, [r#"c z gone {"n":1} - r5"#]);
    let since = ChangeFilter {
        since: Some(at(2)),
        task: Some(("g".into(), "c".into())),
        ..ChangeFilter::default()
    };
    let runs: Vec<String> = changes(&store, &since)
        .await
        .iter()
        .map(|line| line[..3].to_owned() + &line[line.len() - 2..])
        .collect();
    assert_eq!(runs, ["b xr2", "c br2", "c dr2", "c zr2", "c zr5"]);
    let other = ChangeFilter {
        task: Some(("g".into(), "other".into())),
        ..since
    };
    assert_eq!(changes(&store, &other).await, [""; 0]);
    assert_eq!(shelf(&store).changes_cut(&of("r2")).await.unwrap(), []);
    assert_eq!(
        shelf(&store).newest_run(None).await.unwrap(),
        Some(RunId::new("r5"))
    );
    store.close().await;
}

async fn what_is_complete_is_a_census_whatever_changed(home: &Home) {
    let store = home.open().await;
    let one = |key: &str, n: u8| line("c", key, &format!("{{\"n\":{n}}}"));
    let all = "{\"type\":\"complete\",\"collection\":\"c\"}\n";
    take(
        home,
        &store,
        "r1",
        1,
        &(one("a", 1) + &one("b", 1) + &one("d", 1)),
    )
    .await;
    // Two are absent, none is unchanged: of itself that is no census.
    take(home, &store, "r2", 2, &one("a", 2)).await;
    assert_eq!(
        changes(&store, &of("r2")).await,
        [r#"c a changed {"n":1} {"n":2} r2"#]
    );
    take(home, &store, "r3", 3, &(one("a", 3) + all)).await;
    assert_eq!(
        changes(&store, &of("r3")).await,
        [
            r#"c a changed {"n":2} {"n":3} r3"#,
            r#"c b gone {"n":1} - r3"#,
            r#"c d gone {"n":1} - r3"#,
        ]
    );
    // And nothing at all, of a collection that is there and of one that is not.
    let nothing = all.to_owned() + "{\"type\":\"complete\",\"collection\":\"none\"}\n";
    take(home, &store, "r4", 4, &nothing).await;
    assert_eq!(changes(&store, &of("r4")).await, [r#"c a gone {"n":3} - r4"#]);
    assert!(!shelf(&store).has("none").await.unwrap());
    // Records stay, and a late word about them is not believed.
    assert_eq!(crate::records::all(&store, "c").await.len(), 3);
    take(home, &store, "r5", 5, &(one("a", 3) + &one("b", 1))).await;
    take(home, &store, "late", 3, &nothing).await;
    assert_eq!(changes(&store, &of("late")).await, [""; 0]);
    store.close().await;
}

async fn a_flood_is_cut_and_that_is_said(home: &Home) {
    let store = home.open().await;
    let mut flood = String::new();
    for number in 0..10_020 {
        flood.push_str(&line("c", &format!("{number:05}"), "{}"));
    }
    let large = format!("{{\"text\":\"{}\"}}", "x".repeat(900_000));
    let mut events = flood.clone();
    for number in 0..10 {
        write!(events, "{}", line("large", &number.to_string(), &large)).unwrap();
    }
    take(home, &store, "r1", 1, &events).await;
    let kept = changes(&store, &of("r1")).await;
    assert_eq!(kept.len(), 10_000);
    assert_eq!(kept[9_999], "c 09999 new - {} r1");
    let cut = |collection: &str, run: &str, changes, kept| ChangesCut {
        collection: collection.into(),
        run: RunId::new(run),
        changes,
        kept,
    };
    assert_eq!(
        shelf(&store).changes_cut(&of("r1")).await.unwrap(),
        [cut("c", "r1", 10_020, 10_000), cut("large", "r1", 10, 0)]
    );
    // What changed does not drown in what is new, and is kept by its size.
    let mut events = String::new();
    for number in 0..10 {
        let data = large.replacen('x', "y", 1);
        write!(events, "{}", line("large", &number.to_string(), &data)).unwrap();
    }
    take(home, &store, "r2", 2, &(events + &line("c", "new", "{}"))).await;
    let kept = changes(&store, &of("r2")).await;
    assert_eq!(kept.len(), 1 + 4, "eight million characters, twice 900,000 each");
    assert_eq!(
        shelf(&store).changes_cut(&of("r2")).await.unwrap(),
        [cut("large", "r2", 10, 4)]
    );
    store.close().await;
}

async fn changes_go_with_their_run(home: &Home) {
    let store = home.open().await;
    for number in 1..=3 {
        let run = RunId::at(at(number * 60), 7).to_string();
        let mut story = Story::new(&run, number * 60, &["a"], this_process().unwrap());
        let end = story.does(Outcome::Succeeded).finish().tell(&store).await;
        assert!(end.failure.is_none(), "{end:?}");
        let data = format!("{{\"n\":{number}}}");
        take(home, &store, &run, number * 60, &line("c", "k", &data)).await;
    }
    let any = ChangeFilter::default();
    assert_eq!(changes(&store, &any).await.len(), 3);
    let one = Retention {
        count: Some(1),
        ..Retention::EVERYTHING
    };
    let pruned = store.prune(home.path(), &one, at(600), false).await.unwrap();
    assert_eq!(pruned.runs, 2);
    let left = changes(&store, &any).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].starts_with(r#"c k changed {"n":2} {"n":3} "#), "{left:?}");
    assert_eq!(crate::records::all(&store, "c").await.len(), 1);
    store.close().await;
}

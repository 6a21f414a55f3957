//! What collectors bring is taken whole, once, or not at all: on both databases.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use orchestrator::events::RecordCounts;
use orchestrator::model::RunId;
use orchestrator::records::{Delivery, Follower, Ingested, Kept, Records, RecordsError, Wanted};
use orchestrator::store::Store;

use crate::run_events::{Home, at};

on_both!(
    new_changed_and_unchanged_are_told_apart,
    the_last_line_about_a_key_wins_and_counts_once,
    a_delivery_is_taken_once,
    what_is_late_gives_way,
    what_cannot_be_taken_leaves_nothing,
    strange_texts_come_back_as_they_were,
    an_export_is_sorted_and_filtered,
    records_that_nobody_delivers_can_be_forgotten,
    a_collector_is_remembered,
    many_records_cross_every_border_of_batches_and_pages,
    deliveries_at_once_wait_for_each_other,
);

pub(crate) fn shelf(store: &Store) -> Records {
    store.database().into()
}

/// What the collector left for itself that all of these deliveries are from.
pub(crate) async fn state(store: &Store) -> Option<String> {
    let memories = shelf(store)
        .memories(&[("g", "c")], Duration::from_secs(30))
        .await;
    memories.unwrap().remove(0).state
}

pub(crate) fn line(collection: &str, key: &str, data: &str) -> String {
    let key = serde_json::to_string(key).unwrap();
    format!("{{\"type\":\"record\",\"collection\":\"{collection}\",\"key\":{key},\"data\":{data}}}\n")
}

/// An events file of the run and what the engine would make of it.
pub(crate) fn delivery(home: &Home, run: &str, second: i64, events: &str) -> Delivery {
    let path = PathBuf::from(format!("{run}.events.jsonl"));
    fs::write(home.path().join(&path), events).unwrap();
    let examined = Follower::open(&home.path().join(&path))
        .unwrap()
        .finish()
        .unwrap();
    Delivery {
        run: RunId::new(run),
        epoch: None,
        position: 1,
        group: "g".into(),
        name: "c".into(),
        command: "c".into(),
        at: at(second),
        events: path,
        bytes: examined.bytes,
        reads: examined.examination.reads(),
        complete: examined.examination.complete(),
        settles: None,
        only_reads: false,
        state: examined.examination.state,
    }
}

async fn take(home: &Home, store: &Store, run: &str, second: i64, events: &str) -> Ingested {
    let delivery = delivery(home, run, second, events);
    shelf(store).ingest(home.path(), &delivery).await.unwrap()
}

pub(crate) async fn all(store: &Store, collection: &str) -> Vec<Kept> {
    wanted(store, collection, Wanted::default()).await
}

async fn wanted(store: &Store, collection: &str, wanted: Wanted) -> Vec<Kept> {
    let mut found = Vec::new();
    let each = |record: &Kept| {
        found.push(record.clone());
        Ok(())
    };
    shelf(store).export(collection, &wanted, each).await.unwrap();
    found
}

fn keys(records: &[Kept]) -> Vec<&str> {
    records.iter().map(|record| record.key.as_str()).collect()
}

pub(crate) fn counts(new: u64, changed: u64, unchanged: u64) -> RecordCounts {
    RecordCounts {
        new,
        changed,
        unchanged,
    }
}

async fn new_changed_and_unchanged_are_told_apart(home: &Home) {
    let store = home.open().await;
    let three =
        [("a", "1"), ("b", "1"), ("c", "1")].map(|(key, n)| line("x", key, &format!("{{\"n\":{n}}}")));
    let taken = take(home, &store, "r1", 1, &three.concat()).await;
    assert_eq!((taken.counts, taken.fresh_at), (counts(3, 0, 0), Some(at(1))));
    // The same said otherwise, another, a new one; c is not delivered and stays.
    let next = line("x", "a", "{ \"n\" : 1 }") + &line("x", "b", "{\"n\":2}") + &line("y", "a", "{}");
    assert_eq!(take(home, &store, "r2", 2, &next).await.counts, counts(1, 1, 1));
    let found = all(&store, "x").await;
    let times: Vec<_> = found
        .iter()
        .map(|record| [record.first_seen, record.changed_at, record.seen_at].map(Option::unwrap))
        .collect();
    assert_eq!(
        times,
        [
            [at(1), at(1), at(2)],
            [at(1), at(2), at(2)],
            [at(1), at(1), at(1)]
        ]
    );
    let runs = [&found[1].first_run, &found[1].changed_run, &found[1].seen_run];
    assert_eq!(runs, ["r1", "r2", "r2"]);
    let again = take(home, &store, "r3", 3, &next).await;
    assert_eq!((again.counts, again.fresh_at), (counts(0, 0, 3), Some(at(2))));
    let collections = shelf(&store).collections().await.unwrap();
    let listed: Vec<_> = collections
        .iter()
        .map(|one| (one.collection.as_str(), one.records, one.run.as_str(), one.counts))
        .collect();
    assert_eq!(
        listed,
        [("x", 3, "r3", counts(0, 0, 2)), ("y", 1, "r3", counts(0, 0, 1))]
    );
    store.close().await;
}

async fn the_last_line_about_a_key_wins_and_counts_once(home: &Home) {
    let store = home.open().await;
    take(home, &store, "r1", 1, &line("x", "a", "{\"n\":1}")).await;
    // Changed and changed back, with more than a batch in between.
    let mut events = line("x", "a", "{\"n\":2}");
    (0..600).for_each(|number| events += &line("x", &format!("k{number}"), "{}"));
    events += &line("x", "a", "{\"n\":1}");
    events += &line("x", "k7", "{\"last\":true}");
    assert_eq!(
        take(home, &store, "r2", 2, &events).await.counts,
        counts(600, 0, 1)
    );
    let k7 = shelf(&store).record("x", "k7").await.unwrap().unwrap();
    assert_eq!(k7.data.get(), "{\"last\":true}");
    store.close().await;
}

async fn a_delivery_is_taken_once(home: &Home) {
    let store = home.open().await;
    let delivery = delivery(home, "r1", 1, &line("x", "a", "{}"));
    let first = shelf(&store).ingest(home.path(), &delivery).await.unwrap();
    take(home, &store, "r2", 2, &line("x", "a", "{\"n\":2}")).await;
    // Whoever is not sure whether it arrived tries again.
    let again = shelf(&store).ingest(home.path(), &delivery).await.unwrap();
    assert_eq!((first.counts, again.counts), (counts(1, 0, 0), counts(1, 0, 0)));
    assert_eq!(all(&store, "x").await[0].data.get(), "{\"n\":2}");
    store.close().await;
}

/// A delivery that had to wait for the database comes after a newer one.
async fn what_is_late_gives_way(home: &Home) {
    let store = home.open().await;
    let line_of = |n: u32| format!("{{\"type\":\"state\",\"data\":{n}}}\n");
    take(
        home,
        &store,
        "r1",
        1,
        &(line("x", "a", "{\"n\":1}") + &line_of(1)),
    )
    .await;
    take(
        home,
        &store,
        "r3",
        3,
        &(line("x", "a", "{\"n\":3}") + &line_of(3)),
    )
    .await;
    let late = line("x", "a", "{\"n\":2}") + &line("x", "b", "{\"n\":2}") + &line_of(2);
    assert_eq!(take(home, &store, "r2", 2, &late).await.counts, counts(1, 0, 1));
    let data: Vec<_> = all(&store, "x")
        .await
        .iter()
        .map(|one| one.data.get().to_owned())
        .collect();
    assert_eq!(data, ["{\"n\":3}", "{\"n\":2}"]);
    assert_eq!(state(&store).await.as_deref(), Some("3"));
    store.close().await;
}

async fn what_cannot_be_taken_leaves_nothing(home: &Home) {
    let store = home.open().await;
    let mut short = delivery(home, "r1", 1, &line("x", "a", "{}").repeat(1000));
    short.bytes += 1;
    let error = shelf(&store).ingest(home.path(), &short).await.unwrap_err();
    assert!(
        matches!(error, RecordsError::Changed { .. }) && !error.may_pass(),
        "{error}"
    );
    short.events = "gone".into();
    assert!(matches!(
        shelf(&store).ingest(home.path(), &short).await,
        Err(RecordsError::File { .. })
    ));
    assert!(!shelf(&store).has("x").await.unwrap());
    assert_eq!(
        take(home, &store, "r1", 1, &line("x", "a", "{}")).await.counts,
        counts(1, 0, 0)
    );
    store.close().await;
}

async fn strange_texts_come_back_as_they_were(home: &Home) {
    let store = home.open().await;
    let strange = [
        "a\\tb\\\\n\\.",
        "\\N",
        "tab\there",
        "new\nline",
        "\u{1b}[2J",
        "<script>alert(1)</script>",
        "'; drop table records; --",
        "\u{202e}evil",
        "\u{10ffff}",
        "\r",
        "NULL",
        "",
    ];
    let events: String = strange
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let data = serde_json::json!({"text": text, text.to_owned(): number});
            line("x", &format!("{number:02}{text}"), &data.to_string())
        })
        .collect();
    take(home, &store, "r1", 1, &events).await;
    let found = all(&store, "x").await;
    for (number, (record, text)) in found.iter().zip(strange).enumerate() {
        assert_eq!(record.key, format!("{number:02}{text}"));
        let data: serde_json::Value = serde_json::from_str(record.data.get()).unwrap();
        assert_eq!(data, serde_json::json!({"text": text, text.to_owned(): number}));
    }
    assert_eq!(found.len(), strange.len());
    assert_eq!(
        take(home, &store, "r2", 2, &events).await.counts,
        counts(0, 0, 12)
    );
    store.close().await;
}

async fn an_export_is_sorted_and_filtered(home: &Home) {
    let store = home.open().await;
    let of = |keys: &[&str], n: u32| -> String {
        keys.iter()
            .map(|key| line("x", key, &format!("{{\"n\":{n}}}")))
            .collect()
    };
    take(home, &store, "r1", 1, &of(&["b", "\u{e9}", "Z", "a"], 1)).await;
    take(home, &store, "r2", 2, &of(&["b"], 2)).await;
    take(home, &store, "r3", 3, &(of(&["b"], 2) + &of(&["new"], 3))).await;
    assert_eq!(
        keys(&all(&store, "x").await),
        ["Z", "a", "b", "new", "\u{e9}"],
        "byte by byte"
    );
    let since = |second| Wanted {
        since: Some(at(second)),
        ..Wanted::default()
    };
    assert_eq!(keys(&wanted(&store, "x", since(2)).await), ["b", "new"]);
    assert_eq!(keys(&wanted(&store, "x", since(4)).await), [""; 0]);
    let changed = Wanted {
        changed: true,
        ..Wanted::default()
    };
    assert_eq!(keys(&wanted(&store, "x", changed).await), ["new"]);
    store.close().await;
}

async fn records_that_nobody_delivers_can_be_forgotten(home: &Home) {
    let store = home.open().await;
    take(
        home,
        &store,
        "r1",
        1,
        &(line("x", "a", "{}") + &line("x", "b", "{}") + &line("y", "a", "{}")),
    )
    .await;
    take(home, &store, "r2", 2, &line("x", "b", "{}")).await;
    let shelf = shelf(&store);
    assert_eq!(shelf.prune("x", at(2), true).await.unwrap(), 1);
    assert_eq!(all(&store, "x").await.len(), 2);
    assert_eq!(shelf.prune("x", at(2), false).await.unwrap(), 1);
    assert_eq!(keys(&all(&store, "x").await), ["b"]);
    assert_eq!(all(&store, "y").await.len(), 1);
    store.close().await;
}

async fn a_collector_is_remembered(home: &Home) {
    let store = home.open().await;
    assert_eq!(state(&store).await, None);
    take(
        home,
        &store,
        "r1",
        1,
        "{\"type\":\"state\",\"data\":{\"b\":1,\"a\":[]}}\n",
    )
    .await;
    take(home, &store, "r2", 2, &line("x", "a", "{}")).await;
    for (position, milliseconds) in [10, 30, 20, 1000].iter().enumerate() {
        home.sql(&format!(
            "insert into runs (id, schedule, started_at, owner_host, owner_boot, owner_pid, owner_start)
             values ('d{position}', 'daily', 1, 'h', 'b', 1, 1)"
        ))
        .await;
        home.sql(&format!(
            "insert into tasks (run_id, position, run_started_at, group_name, name, command, args, schedule,
                 outcome, reason, duration_ms)
             values ('d{position}', 1, {position}, 'g', 'c', 'c', '[]', 'daily', 'succeeded', 'ok', {milliseconds})"
        ))
        .await;
    }
    let several = [("other", "c"), ("g", "c"), ("g", "other"), ("g", "c")];
    let (records, patience) = (shelf(&store), Duration::from_secs(30));
    // Kept until there is another.
    let kept = Some("{\"a\":[],\"b\":1}".to_owned());
    let memories = records.memories(&several, patience).await.unwrap();
    let states: Vec<_> = memories.into_iter().map(|memory| memory.state).collect();
    assert_eq!(states, [None, kept.clone(), None, kept]);
    let usual = Some(Duration::from_millis(30));
    assert_eq!(
        records.usual_durations(&several).await.unwrap(),
        [None, usual, None, usual]
    );
    assert!(records.memories(&[], patience).await.unwrap().is_empty());
    assert!(records.usual_durations(&[]).await.unwrap().is_empty());
    store.close().await;
}

async fn many_records_cross_every_border_of_batches_and_pages(home: &Home) {
    let store = home.open().await;
    let mut events = String::new();
    for number in 0..2500_u32 {
        // In an order that is not that of the keys.
        let key = format!("{:08x}", number.wrapping_mul(2_654_435_761));
        let _ = write!(events, "{}", line("x", &key, &format!("{{\"n\":{number}}}")));
    }
    assert_eq!(
        take(home, &store, "r1", 1, &events).await.counts,
        counts(2500, 0, 0)
    );
    let found = all(&store, "x").await;
    assert_eq!(found.len(), 2500);
    assert!(found.is_sorted_by(|a, b| a.key < b.key));
    store.close().await;
}

async fn deliveries_at_once_wait_for_each_other(home: &Home) {
    let store = home.open().await;
    let events: String = (0..300).map(|key| line("x", &key.to_string(), "{}")).collect();
    let shelf = shelf(&store);
    let deliveries: Vec<_> = (0..4)
        .map(|number| delivery(home, &format!("r{number}"), number, &events))
        .collect();
    let taking: Vec<_> = deliveries
        .iter()
        .map(|delivery| {
            let (shelf, path, delivery) = (shelf.clone(), home.path().to_owned(), delivery.clone());
            tokio::spawn(async move { shelf.ingest(&path, &delivery).await.unwrap().counts })
        })
        .collect();
    let mut new = 0;
    for one in taking {
        let counts = one.await.unwrap();
        assert_eq!(counts.new + counts.unchanged, 300);
        new += counts.new;
    }
    assert_eq!(new, 300, "each record is new once");
    store.close().await;
}

//! Random deliveries and prunes, on both databases, beside a model that fits on a page:
//! late ones, several lines about a key, whole collections and parts of them.

use std::cell::Cell;
use std::collections::BTreeMap;

use orchestrator::database::Database;
use orchestrator::events::RecordCounts;
use orchestrator::model::RunId;
use orchestrator::records::{ChangeFilter, RecordChange};
use orchestrator::store::Store;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use sqlx::ConnectOptions;

use crate::both::runtime;
use crate::cluster::cluster;
use crate::records::{all, delivery, line, shelf};
use crate::run_events::{Home, at};

const COLLECTIONS: u8 = 3;
const KEYS: u8 = 8;

/// What happens, at the moment that its place in the story gives.
#[derive(Debug, Clone)]
enum Step {
    /// A collector that ended this many moments ago delivers lines: collection, key, value.
    Deliver { behind: i64, lines: Vec<(u8, u8, u8)> },
    /// What was not seen in this many moments is forgotten.
    Prune { collection: u8, unseen_for: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Mostly in time; mostly unchanged.
    let behind = || prop_oneof![3 => Just(0), 1 => 1..6_i64];
    let value = || prop_oneof![3 => Just(0), 1 => 1..3_u8];
    let some = prop::collection::vec((0..COLLECTIONS, 0..KEYS, value()), 0..30);
    let most = (0..COLLECTIONS, any::<[bool; 8]>(), any::<[bool; 8]>(), value()).prop_map(
        |(collection, absent, also, value)| {
            let there = |key: &u8| !(absent[usize::from(*key)] && also[usize::from(*key)]);
            (0..KEYS)
                .filter(there)
                .map(|key| (collection, key, value))
                .collect()
        },
    );
    let deliver = |lines: BoxedStrategy<_>| {
        (behind(), lines).prop_map(|(behind, lines)| Step::Deliver { behind, lines })
    };
    let prune = (0..COLLECTIONS, 0..8_i64).prop_map(|(collection, unseen_for)| Step::Prune {
        collection,
        unseen_for,
    });
    prop::collection::vec(
        prop_oneof![4 => deliver(some.boxed()), 4 => deliver(most.boxed()), 1 => prune],
        1..14,
    )
}

/// A record and the moments of three deliveries, each with the step that delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    value: u8,
    first: (usize, i64),
    changed: (usize, i64),
    seen: (usize, i64),
}

/// What a delivery changed: collection, key, the values before and after.
type Changed = BTreeMap<(u8, u8), (Option<u8>, Option<u8>)>;

#[derive(Default)]
struct Model {
    records: BTreeMap<(u8, u8), Known>,
    /// The step of the newest census of each collection.
    census: BTreeMap<u8, usize>,
    /// When the newest delivery so far had ended.
    newest: i64,
    /// What the last delivery changed.
    changed: Changed,
}

impl Model {
    fn deliver(&mut self, by: (usize, i64), lines: &[(u8, u8, u8)]) -> RecordCounts {
        let mut counts = RecordCounts::default();
        let last: BTreeMap<_, _> = lines.iter().map(|&(c, key, value)| ((c, key), value)).collect();
        self.changed.clear();
        let mut unchanged: BTreeMap<u8, usize> = BTreeMap::new();
        for (key, value) in last.clone() {
            let Some(known) = self.records.get_mut(&key) else {
                counts.new += 1;
                self.changed.insert(key, (None, Some(value)));
                let (first, changed, seen) = (by, by, by);
                self.records.insert(
                    key,
                    Known {
                        value,
                        first,
                        changed,
                        seen,
                    },
                );
                continue;
            };
            let late = known.seen.1 > by.1;
            if late || known.value == value {
                counts.unchanged += 1;
                *unchanged.entry(key.0).or_default() += 1;
            } else {
                counts.changed += 1;
                self.changed.insert(key, (Some(known.value), Some(value)));
                (known.value, known.changed) = (value, by);
            }
            if !late {
                known.seen = by;
            }
        }
        self.newest = self.newest.max(by.1);
        for (collection, unchanged) in unchanged {
            let of = |key: &&(u8, u8)| key.0 == collection;
            let (there, brought) = (
                self.records.keys().filter(of).count(),
                last.keys().filter(of).count(),
            );
            if by.1 == self.newest && there - brought <= unchanged {
                let before = self.census.insert(collection, by.0);
                self.miss(collection, before, &last);
            }
        }
        counts
    }

    /// What was there at the census before, or came after it, and is not any more.
    fn miss(&mut self, collection: u8, before: Option<usize>, brought: &BTreeMap<(u8, u8), u8>) {
        let absent = self
            .records
            .iter()
            .filter(|(key, _)| key.0 == collection && !brought.contains_key(*key));
        for (key, known) in absent {
            if before.is_none_or(|before| known.seen.0.max(known.changed.0) >= before) {
                self.changed.insert(*key, (Some(known.value), None));
            }
        }
    }

    fn prune(&mut self, collection: u8, before: i64) -> u64 {
        let count = self.records.len();
        self.records
            .retain(|key, known| key.0 != collection || known.seen.1 >= before);
        u64::try_from(count - self.records.len()).unwrap()
    }
}

/// What the view for everybody says: collection, key, the three runs.
async fn view(store: &Store, like: &str) -> Vec<(String, String, String, String, String)> {
    const SQL: &str = "select collection, key, first_run, changed_run, seen_run
         from current_records where collection like $1 order by collection, key";
    match store.database() {
        Database::Sqlite(file) => sqlx::query_as(SQL).bind(like).fetch_all(file.pool()).await,
        Database::Postgres(pool) => {
            let mut own = pool.options().connect().await.unwrap();
            sqlx::query_as(SQL).bind(like).fetch_all(&mut own).await
        }
    }
    .unwrap()
}

/// What a run changed: collection, key, before and after.
async fn changes_of(store: &Store, run: &str) -> Vec<(String, String, Option<String>, Option<String>)> {
    let wanted = ChangeFilter {
        run: Some(RunId::new(run)),
        ..ChangeFilter::default()
    };
    let mut found = Vec::new();
    let each = |change: &RecordChange| {
        let [before, after] =
            [&change.before, &change.after].map(|data| data.as_ref().map(|data| data.get().to_owned()));
        found.push((change.collection.clone(), change.key.clone(), before, after));
        Ok(())
    };
    shelf(store).changes(&wanted, each).await.unwrap();
    found
}

async fn agree(home: &Home, store: &Store, case: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    let name = |collection: u8| format!("c{case}-{collection}");
    let run = |(step, _): (usize, i64)| format!("r{case}_{step}");
    // Nothing of another case is newer.
    let now = |step: usize| i64::try_from(case * 100 + step).unwrap();
    for (step, what) in steps.iter().enumerate() {
        match what {
            Step::Deliver { behind, lines } => {
                let by = (step, now(step) - behind);
                let events: String = lines
                    .iter()
                    .map(|(c, key, value)| line(&name(*c), &key.to_string(), &format!("{{\"v\":{value}}}")))
                    .collect();
                let delivery = delivery(home, &run(by), by.1, &events);
                let taken = shelf(store).ingest(home.path(), &delivery).await.unwrap();
                prop_assert_eq!(taken.counts, model.deliver(by, lines), "step {}", step);
                let value = |value: u8| format!("{{\"v\":{value}}}");
                let expected: Vec<_> = model
                    .changed
                    .iter()
                    .map(|((c, key), (before, after))| {
                        (name(*c), key.to_string(), before.map(value), after.map(value))
                    })
                    .collect();
                prop_assert_eq!(changes_of(store, &run(by)).await, expected, "step {}", step);
            }
            Step::Prune {
                collection,
                unseen_for,
            } => {
                let before = now(step) - unseen_for;
                let expected = model.prune(*collection, before);
                for dry_run in [true, false] {
                    let pruned = shelf(store).prune(&name(*collection), at(before), dry_run).await;
                    prop_assert_eq!(pruned.unwrap(), expected, "step {}", step);
                }
            }
        }
        for collection in 0..COLLECTIONS {
            let found = all(store, &name(collection)).await;
            let expected: Vec<_> = model
                .records
                .iter()
                .filter(|(key, _)| key.0 == collection)
                .collect();
            prop_assert_eq!(found.len(), expected.len(), "step {}", step);
            for (found, ((_, key), known)) in found.iter().zip(expected) {
                prop_assert_eq!(&found.key, &key.to_string());
                prop_assert_eq!(found.data.get(), format!("{{\"v\":{}}}", known.value));
                let runs = [&found.first_run, &found.changed_run, &found.seen_run];
                let moments = [found.first_seen, found.changed_at, found.seen_at];
                let by = [known.first, known.changed, known.seen];
                prop_assert_eq!(runs.map(String::clone), by.map(run), "{:?}, step {}", found, step);
                prop_assert_eq!(moments.map(Option::unwrap), by.map(|by| at(by.1)));
            }
        }
    }
    let seen = view(store, &format!("c{case}-%")).await;
    let expected: Vec<_> = model
        .records
        .iter()
        .map(|((c, key), known)| {
            let [first, changed, seen] = [known.first, known.changed, known.seen].map(run);
            (name(*c), key.to_string(), first, changed, seen)
        })
        .collect();
    prop_assert_eq!(seen, expected);
    Ok(())
}

fn check(home: &Home, cases: u32) {
    let runtime = runtime();
    let store = runtime.block_on(home.open());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let case = Cell::new(10);
    TestRunner::new(config)
        .run(&steps(), |steps| {
            case.set(case.get() + 1);
            runtime.block_on(agree(home, &store, case.get(), &steps))
        })
        .unwrap();
    runtime.block_on(store.close());
}

#[test]
fn deliveries_and_prunes_agree_with_the_model_sqlite() {
    check(&Home::new(None), 64);
}

#[test]
fn deliveries_and_prunes_agree_with_the_model_postgres() {
    check(&Home::new(Some(cluster().database())), 32);
}

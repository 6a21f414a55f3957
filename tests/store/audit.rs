//! The audit: written before it is done, once for each key, and not kept for ever.

use jiff::SignedDuration;
use orchestrator::model::{Retention, RunId};
use orchestrator::store::{
    ActionKey, ActionOutcome, ActionVerb, BegunAction, KnownAction, NewAction, Role, Store, Visitor,
};

use crate::run_events::{Home, at};

on_both!(
    an_action_is_written_before_it_is_done_and_once_for_its_key,
    actions_are_listed_newest_first_and_by_what_they_were_done_to,
    old_actions_are_forgotten_by_retention,
);

fn new(target: &str, key: Option<(&str, &str)>) -> NewAction {
    NewAction {
        visitor: Visitor {
            name: "ops".to_owned(),
            role: Role::Operator,
        },
        verb: ActionVerb::Run,
        target: target.to_owned(),
        args: Some(vec!["a b".to_owned(), "\u{0}\"".to_owned()]),
        note: Some("because".to_owned()),
        run: Some(RunId::new(format!("20261130-000000-{target}"))),
        key: key.map(|(key, request)| ActionKey::new("ops", key, request)),
    }
}

async fn begin(store: &Store, new: &NewAction, second: i64) -> i64 {
    match store.begin_action(new, at(second)).await.unwrap() {
        BegunAction::New(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn only(store: &Store) -> KnownAction {
    let mut all = store.actions(None, 10).await.unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn an_action_is_written_before_it_is_done_and_once_for_its_key(home: &Home) {
    let store = home.open().await;
    let asked = new("aaaaaa", Some(("k", "r")));
    let id = begin(&store, &asked, 1).await;
    let known = only(&store).await;
    assert_eq!(
        (known.id, known.at, known.outcome, known.ended_at),
        (id, at(1), ActionOutcome::Begun, None)
    );
    assert_eq!((known.actor.as_str(), known.role), ("ops", Role::Operator));
    // What text of PostgreSQL cannot hold is an escape within JSON, and comes back as it was.
    assert_eq!(known.args, asked.args);
    assert_eq!(known.note.as_deref(), Some("because"));
    assert_eq!(known.run, asked.run);

    let again = store.begin_action(&asked, at(2)).await.unwrap();
    assert_eq!(again, BegunAction::Again(Box::new(known)));
    let other = new("aaaaaa", Some(("k", "another")));
    assert_eq!(
        store.begin_action(&other, at(2)).await.unwrap(),
        BegunAction::OtherRequest
    );

    store
        .end_action(id, (ActionOutcome::Done, Some("done")), at(3))
        .await
        .unwrap();
    store
        .end_action(id, (ActionOutcome::Failed, None), at(4))
        .await
        .unwrap();
    let ended = only(&store).await;
    assert_eq!(
        (ended.outcome, ended.ended_at),
        (ActionOutcome::Done, Some(at(3))),
        "the first word counts"
    );
    let run = asked.run.clone().unwrap();
    store.fail_action_of_run(&run, "no room", at(5)).await.unwrap();
    let failed = store.action_of_run(&run).await.unwrap().unwrap();
    assert_eq!(
        (failed.outcome, failed.message.as_deref()),
        (ActionOutcome::Failed, Some("no room"))
    );

    // A day later the key is another one's.
    let day = at(1) + SignedDuration::from_hours(24);
    let later = store.begin_action(&asked, day).await.unwrap();
    assert!(matches!(later, BegunAction::New(_)), "{later:?}");
    store.close().await;
}

async fn actions_are_listed_newest_first_and_by_what_they_were_done_to(home: &Home) {
    let store = home.open().await;
    let mut ids = Vec::new();
    for (second, target) in (1..).zip(["a", "b", "a"]) {
        ids.push(begin(&store, &new(target, None), second).await);
    }
    let listed = async |before, limit| -> Vec<i64> {
        let listed = store.actions(before, limit).await.unwrap();
        listed.into_iter().map(|action| action.id).collect()
    };
    assert_eq!(listed(None, 2).await, [ids[2], ids[1]]);
    assert_eq!(listed(Some(ids[1]), 2).await, [ids[0]]);
    let on: Vec<i64> = store
        .actions_on("a", 10)
        .await
        .unwrap()
        .iter()
        .map(|action| action.id)
        .collect();
    assert_eq!(on, [ids[2], ids[0]]);
    assert_eq!(store.action_of_run(&RunId::new("none")).await.unwrap(), None);
    store.close().await;
}

async fn old_actions_are_forgotten_by_retention(home: &Home) {
    let store = home.open().await;
    begin(&store, &new("a", None), 1).await;
    let young = begin(&store, &new("b", None), 3600).await;
    let retention = Retention {
        age: Some(std::time::Duration::from_secs(60)),
        ..Retention::EVERYTHING
    };
    store
        .prune(home.path(), &Retention::EVERYTHING, at(3600), false)
        .await
        .unwrap();
    assert_eq!(
        store.actions(None, 10).await.unwrap().len(),
        2,
        "kept for ever where nothing is said"
    );
    store
        .prune(home.path(), &retention, at(3601), true)
        .await
        .unwrap();
    assert_eq!(store.actions(None, 10).await.unwrap().len(), 2, "only looked");
    store
        .prune(home.path(), &retention, at(3601), false)
        .await
        .unwrap();
    assert_eq!(only(&store).await.id, young);
    store.close().await;
}

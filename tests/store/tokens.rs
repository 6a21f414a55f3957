//! Who is let in: tokens, and the sessions that begin with one.

use jiff::{SignedDuration, Timestamp};
use orchestrator::store::{Revocation, Role, SESSION, SecretHash, SecretValue, Store, Visitor};

use crate::run_events::{Home, at};
use crate::support::Place;

on_both!(
    a_token_lets_in_until_it_expires_or_is_taken_back,
    a_session_lets_in_whom_its_token_would,
);

async fn token(store: &Store, name: &str, role: Role, expires: Option<Timestamp>) -> SecretHash {
    let hash = SecretValue::new_token().unwrap().hash();
    assert!(
        store
            .create_token(name, role, &hash, (at(0), expires))
            .await
            .unwrap()
    );
    hash
}

fn visitor(name: &str, role: Role) -> Option<Visitor> {
    Some(Visitor {
        name: name.to_owned(),
        role,
    })
}

async fn a_token_lets_in_until_it_expires_or_is_taken_back(home: &Home) {
    let store = home.open().await;
    let ops = token(&store, "ops", Role::Operator, None).await;
    let wall = token(&store, "wall", Role::Viewer, Some(at(100))).await;

    let enter = async |hash: &SecretHash, now| store.visitor_with_token(hash, now).await.unwrap();
    assert_eq!(enter(&ops, at(5)).await, visitor("ops", Role::Operator));
    assert_eq!(enter(&wall, at(99)).await, visitor("wall", Role::Viewer));
    assert_eq!(enter(&wall, at(100)).await, None, "expired");
    assert_eq!(enter(&SecretHash::of("orc_guessed"), at(5)).await, None);
    assert_eq!(enter(&SecretHash::of(""), at(5)).await, None);

    // It is written down when it was used, and that not at every look.
    let last_used = async || store.tokens().await.unwrap()[0].last_used_at;
    assert_eq!(last_used().await, Some(at(5)));
    enter(&ops, at(64)).await;
    assert_eq!(last_used().await, Some(at(5)));
    enter(&ops, at(65)).await;
    assert_eq!(last_used().await, Some(at(65)));

    let again = SecretValue::new_token().unwrap().hash();
    let create = async || {
        let made = store.create_token("ops", Role::Viewer, &again, (at(70), None));
        made.await.unwrap()
    };
    assert!(!create().await, "a name is that of one token");
    assert_eq!(store.revoke_token("ops", at(80)).await.unwrap(), Revocation::Done);
    assert_eq!(enter(&ops, at(81)).await, None, "revoked");
    assert!(!create().await, "also of one that was revoked");
    assert_eq!(
        store.revoke_token("ops", at(90)).await.unwrap(),
        Revocation::Already
    );
    assert_eq!(
        store.revoke_token("opps", at(90)).await.unwrap(),
        Revocation::Unknown
    );
    let revoked = store.tokens().await.unwrap()[0].revoked_at;
    assert_eq!(revoked, Some(at(80)), "the first time counts");
    store.close().await;
}

async fn a_session_lets_in_whom_its_token_would(home: &Home) {
    let store = home.open().await;
    let ops = token(&store, "ops", Role::Operator, None).await;
    let who = store.visitor_with_token(&ops, at(1)).await.unwrap().unwrap();
    let begin = async |now| {
        let cookie = SecretValue::new_cookie().unwrap().hash();
        store.begin_session(&cookie, &who, now).await.map(|()| cookie)
    };
    let enter = async |cookie: &SecretHash, now| store.visitor_of_session(cookie, now).await.unwrap();

    let cookie = begin(at(1)).await.unwrap();
    assert_eq!(enter(&cookie, at(2)).await, visitor("ops", Role::Operator));
    assert_eq!(enter(&ops, at(2)).await, None, "a token is no cookie");
    assert_eq!(enter(&cookie, at(1) + SESSION).await, None, "over");

    let ended = begin(at(3)).await.unwrap();
    store.end_session(&ended).await.unwrap();
    store.end_session(&ended).await.unwrap();
    assert_eq!(enter(&ended, at(4)).await, None);

    // One that is over is forgotten when the next one begins.
    begin(at(1) + SESSION + SignedDuration::from_secs(1))
        .await
        .unwrap();
    assert_eq!(enter(&cookie, at(2)).await, None, "forgotten");

    // Of many browsers the one that signed in first gives way.
    let first = begin(at(10)).await.unwrap();
    for second in 11..61 {
        begin(at(second)).await.unwrap();
    }
    assert_eq!(enter(&first, at(70)).await, None);
    let last = begin(at(61)).await.unwrap();
    assert!(enter(&last, at(70)).await.is_some());

    let cookie = begin(at(62)).await.unwrap();
    store.revoke_token("ops", at(6)).await.unwrap();
    assert_eq!(enter(&cookie, at(7)).await, None, "its token was taken back");
    assert!(begin(at(8)).await.is_err(), "none begins with it any more");
    store.close().await;
}

#[test]
fn they_are_made_listed_and_taken_back_by_hand() {
    let place = Place::new("groups: {g: {default_time: \"04:10\", tasks: []}}");
    let made = place.run(&["token", "create", "--name", "ops", "--role", "operator"]);
    made.exits(0)
        .says("The token ops (operator) is in ")
        .says("orchestrate.db");
    let token = made.stdout.strip_suffix('\n').unwrap();
    assert!(token.starts_with("orc_") && token.len() == 47, "{token:?}");
    place
        .run(&["token", "create", "--name", "ops", "--role", "viewer"])
        .exits(2)
        .says("there is a token \"ops\" already");
    let temporary = [
        "token",
        "create",
        "--name",
        "wall",
        "--role",
        "viewer",
        "--expires",
        "90d",
    ];
    place.run(&temporary).exits(0);
    for wrong in [
        &["token", "create", "--name", "a b", "--role", "viewer"][..],
        &["token", "create", "--name", "", "--role", "viewer"],
        &["token", "create", "--name", "x", "--role", "admin"],
        &[
            "token",
            "create",
            "--name",
            "x",
            "--role",
            "viewer",
            "--expires",
            "soon",
        ],
    ] {
        place.run(wrong).exits(2);
    }

    let list = place.run(&["token", "list", "--format", "json"]);
    let tokens = list.exits(0).json();
    let fields: Vec<(&str, &str)> = tokens
        .as_array()
        .unwrap()
        .iter()
        .map(|token| (token["name"].as_str().unwrap(), token["role"].as_str().unwrap()))
        .collect();
    assert_eq!(fields, [("ops", "operator"), ("wall", "viewer")]);
    assert!(tokens[0]["expires_at"].is_null() && tokens[1]["expires_at"].is_string());
    place
        .run(&["token", "list"])
        .exits(0)
        .says("for ever")
        .says("never");

    place
        .run(&["token", "revoke", "opps"])
        .exits(2)
        .says("did you mean ops?");
    place
        .run(&["token", "revoke", "ops"])
        .exits(0)
        .says("lets nobody in any more")
        .says("No token is left that may act");
    place
        .run(&["token", "revoke", "ops"])
        .exits(0)
        .says("was revoked before");
    place.run(&["token", "list"]).exits(0).says("revoked ");

    // Nothing that is kept is the token.
    for entry in std::fs::read_dir(place.state()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                memchr::memmem::find(&bytes, token.as_bytes()).is_none(),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn who_only_looks_makes_no_database() {
    let place = Place::new("groups: {g: {default_time: \"04:10\", tasks: []}}");
    let list = place.run(&["token", "list", "--format", "json"]);
    assert_eq!(list.exits(0).json(), serde_json::json!([]));
    assert!(!place.state().exists());
}

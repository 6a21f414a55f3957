//! The queue's own engine in the database: installed where there is none, used as it is where
//! it has what we call, refused by name where it has not, and never altered.

use crate::cluster::{cluster, name_of};
use crate::run_events::Home;
use crate::runtime::runtime;

fn home() -> (Home, String) {
    let url = cluster().database();
    let database = name_of(&url).to_owned();
    (Home::new(Some(url)), database)
}

#[test]
fn many_who_open_it_at_once_install_it_once() {
    let (home, database) = home();
    runtime().block_on(async {
        let store = home.open().await;
        let opened = tokio::join!(
            store.open_queue(),
            store.open_queue(),
            store.open_queue(),
            store.open_queue()
        );
        for queue in [opened.0, opened.1, opened.2, opened.3] {
            assert_eq!(queue.unwrap().channel(), "orchestrate_orchestrate");
        }
        store.open_queue().await.unwrap();
        store.close().await;
    });
    let queues = cluster().psql(&database, "select queue_name from pgmq.meta");
    assert_eq!(queues.trim(), "orchestrate_orchestrate");
}

#[test]
fn one_that_lacks_what_we_call_is_refused_and_left_alone() {
    let (home, database) = home();
    cluster().psql(
        &database,
        "create schema pgmq; create function pgmq.create(text) returns void language sql as ''",
    );
    runtime().block_on(async {
        let store = home.open().await;
        let refused = store.open_queue().await.unwrap_err().to_string();
        for part in [
            "its schema pgmq lacks pgmq.send(text,jsonb,jsonb), pgmq.read(text,integer,integer,jsonb)",
            "another version of PGMQ lies there, and is left as it is",
        ] {
            assert!(refused.contains(part), "{refused}");
        }
        store.close().await;
    });
    let functions = cluster().psql(
        &database,
        "select count(*) from pg_proc where pronamespace = 'pgmq'::regnamespace",
    );
    assert_eq!(functions.trim(), "1");
}

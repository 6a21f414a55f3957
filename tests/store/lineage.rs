//! Who writes and who reads which collection: on both databases.

use orchestrator::records::{Delivery, Edge};
use orchestrator::store::Store;

use crate::records::{all, delivery, line, shelf};
use crate::run_events::{Home, at};

on_both!(
    who_writes_and_reads_is_noted_with_the_delivery,
    what_is_older_than_thirty_days_is_forgotten,
);

const DAY: i64 = 24 * 3600;

/// The delivery of another task.
fn of(task: &str, delivery: Delivery) -> Delivery {
    Delivery {
        name: task.into(),
        command: format!("run_{task}"),
        ..delivery
    }
}

async fn edges(store: &Store, second: i64) -> Vec<String> {
    let edges = shelf(store).edges(at(second)).await.unwrap();
    let text = |edge: &Edge| {
        let (direction, run) = (edge.direction, &edge.run);
        format!(
            "{} {direction} {}/{} {run}",
            edge.collection, edge.group, edge.name
        )
    };
    edges.iter().map(text).collect()
}

fn read(collection: &str) -> String {
    format!("{{\"type\":\"read\",\"collection\":\"{collection}\"}}\n")
}

async fn who_writes_and_reads_is_noted_with_the_delivery(home: &Home) {
    let store = home.open().await;
    let take = async |delivery: &Delivery| shelf(&store).ingest(home.path(), delivery).await.unwrap();
    take(&of("w", delivery(home, "r1", 1, &line("lib", "k", "{}")))).await;
    let both = line("usage", "k", "{}") + &read("lib") + &read("lib");
    take(&of("u", delivery(home, "r2", 2, &both))).await;
    // One that failed, or that only read: nothing of it is taken but that.
    let failed = Delivery {
        only_reads: true,
        bytes: 0,
        ..of(
            "x",
            delivery(home, "r3", 3, &(read("usage") + &line("usage", "x", "{}"))),
        )
    };
    for _ in 0..2 {
        take(&failed).await;
    }
    // A later one at the same place of the same run is taken all the same.
    let mut after = of("x", delivery(home, "r3", 4, &line("x", "k", "{}")));
    after.position = failed.position;
    assert_eq!(take(&after).await.counts.new, 1);
    assert_eq!(
        edges(&store, 10).await,
        [
            "lib read g/u r2",
            "lib write g/w r1",
            "usage read g/x r3",
            "usage write g/u r2",
            "x write g/x r3",
        ]
    );
    assert_eq!(all(&store, "usage").await.len(), 1);
    // The newest time counts, also if another one comes later.
    take(&of("u", delivery(home, "r5", 9, &read("lib")))).await;
    let late = Delivery {
        only_reads: true,
        ..of("u", delivery(home, "r4", 8, &read("lib")))
    };
    take(&late).await;
    assert_eq!(edges(&store, 10).await[0], "lib read g/u r5");
    store.close().await;
}

async fn what_is_older_than_thirty_days_is_forgotten(home: &Home) {
    let store = home.open().await;
    let take = async |delivery: &Delivery| shelf(&store).ingest(home.path(), delivery).await.unwrap();
    take(&delivery(home, "r1", 0, &(line("a", "k", "{}") + &read("b")))).await;
    assert_eq!(edges(&store, 30 * DAY).await.len(), 2);
    assert_eq!(edges(&store, 30 * DAY + 1).await, [""; 0], "not asked for");
    take(&delivery(home, "r2", 31 * DAY, &line("c", "k", "{}"))).await;
    assert_eq!(edges(&store, DAY).await, ["c write g/c r2"], "nor kept");
    store.close().await;
}

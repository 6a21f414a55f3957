//! What workers send of their logs is read back as it was, and from nobody who lost the run.

use std::fs;
use std::time::Duration;

use orchestrator::model::{Retention, RunId};
use orchestrator::rundir::{KEPT_OF_LOG, LogCursor, LogFileEnd, read_new_pieces};
use orchestrator::store::{FleetQueue, KeptLog, LogChunk, RunFence, Store, this_process};

use super::{fence, open, run, take, tell_fenced};
use crate::run_events::{Home, Story, at};

on_both!(
    a_log_is_read_back_as_it_grew_and_ended,
    who_lost_the_run_sends_nothing,
    the_newest_part_is_kept_and_the_rest_goes,
    who_ended_the_run_sends_its_last_lines_and_they_go_with_it,
);

const LOG: &str = "runs/r/1-a.1.log";

/// A log file and its sender.
struct Sender<'a> {
    home: &'a Home,
    queue: &'a FleetQueue,
    fence: RunFence,
    cursor: LogCursor,
}

impl<'a> Sender<'a> {
    /// Of the run `r`, which is begun.
    async fn begin(home: &'a Home, store: &Store, queue: &'a FleetQueue) -> Sender<'a> {
        queue.enqueue(&run("r", "e"), at(0)).await.unwrap();
        let fence = fence(&take(queue, "w").await);
        let mut story = Story::new("r", 0, &["a"], this_process().unwrap());
        story.start(1);
        tell_fenced(&story, store, &fence, 0).await.unwrap();
        fs::create_dir_all(home.path().join("runs/r")).unwrap();
        fs::write(home.path().join(LOG), "").unwrap();
        Sender {
            home,
            queue,
            fence,
            cursor: LogCursor::default(),
        }
    }

    async fn send(&mut self, text: &str, end: LogFileEnd) {
        let path = self.home.path().join(LOG);
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, before + text).unwrap();
        let new = read_new_pieces((self.home.path(), LOG), self.cursor, end, u64::MAX).unwrap();
        self.cursor = new.cursor;
        let chunk = |piece| LogChunk {
            fence: self.fence.clone(),
            log: LOG.to_owned(),
            piece,
        };
        let chunks: Vec<LogChunk> = new.pieces.into_iter().map(chunk).collect();
        self.queue.keep_log_chunks(&chunks).await.unwrap();
        // An answer that was lost: it is sent again.
        self.queue.keep_log_chunks(&chunks).await.unwrap();
    }
}

async fn kept(store: &Store, from: u64) -> Option<(u64, String, bool)> {
    let kept: Option<KeptLog> = store.kept_log(&RunId::new("r"), LOG, from).await.unwrap();
    kept.map(|kept| (kept.first, String::from_utf8(kept.bytes).unwrap(), kept.ended))
}

async fn a_log_is_read_back_as_it_grew_and_ended(home: &Home) {
    let (store, queue) = open(home).await;
    let mut sender = Sender::begin(home, &store, &queue).await;
    assert_eq!(kept(&store, 0).await, None);
    sender.send("one\ntw", LogFileEnd::Open).await;
    assert_eq!(kept(&store, 0).await, Some((0, "one\n".to_owned(), false)));
    assert_eq!(kept(&store, 4).await, None, "nothing is new");
    sender.send("o\n", LogFileEnd::Open).await;
    assert_eq!(kept(&store, 4).await, Some((4, "two\n".to_owned(), false)));
    let long = format!("{}\n", "x".repeat(20_000));
    sender.send(&long, LogFileEnd::Open).await;
    sender.send("end", LogFileEnd::Whole).await;
    let whole = format!("one\ntwo\n{long}end");
    let size = whole.len() as u64;
    assert_eq!(kept(&store, 0).await, Some((0, whole, true)));
    // Who has read it all learns that it is all.
    assert_eq!(kept(&store, size).await, Some((size, String::new(), true)));
    store.close().await;
}

async fn who_lost_the_run_sends_nothing(home: &Home) {
    let (store, queue) = open(home).await;
    let mut first = Sender::begin(home, &store, &queue).await;
    first.send("mine\n", LogFileEnd::Open).await;
    assert!(queue.give_back(&first.fence, "a test", true).await.unwrap());
    first.send("late\n", LogFileEnd::Open).await;
    assert_eq!(kept(&store, 0).await, Some((0, "mine\n".to_owned(), false)));
    let grant = take(&queue, "other").await;
    assert_eq!(grant.epoch, 2);
    first.send("later\n", LogFileEnd::Whole).await;
    assert_eq!(kept(&store, 0).await, Some((0, "mine\n".to_owned(), false)));
    store.close().await;
}

async fn the_newest_part_is_kept_and_the_rest_goes(home: &Home) {
    let (store, queue) = open(home).await;
    let mut sender = Sender::begin(home, &store, &queue).await;
    let block = |number: usize| format!("{number} {}\n", "y".repeat(1000)).repeat(300);
    for number in 0..8 {
        sender.send(&block(number), LogFileEnd::Open).await;
    }
    let size = 8 * block(0).len() as u64;
    let (first, text, _) = kept(&store, 0).await.unwrap();
    assert_eq!(first + text.len() as u64, size);
    assert!(
        (KEPT_OF_LOG..2 * KEPT_OF_LOG).contains(&(text.len() as u64)),
        "{}",
        text.len()
    );
    // More at once than is kept: its end is sent, from the beginning of a line.
    sender.send(&block(9).repeat(6), LogFileEnd::Whole).await;
    let (first, text, ended) = kept(&store, 0).await.unwrap();
    assert_eq!(first + text.len() as u64, size + 6 * block(9).len() as u64);
    assert!(text.len() as u64 <= KEPT_OF_LOG && text.starts_with("9 y") && ended);
    store.close().await;
}

async fn who_ended_the_run_sends_its_last_lines_and_they_go_with_it(home: &Home) {
    let (store, queue) = open(home).await;
    let mut sender = Sender::begin(home, &store, &queue).await;
    sender.send("one\n", LogFileEnd::Open).await;
    let mut story = Story::new("r", 0, &["a"], this_process().unwrap());
    story.start(1);
    let begun = story.events.len();
    story.end(1, orchestrator::model::Outcome::Succeeded).finish();
    story.events.drain(..begun);
    tell_fenced(&story, &store, &sender.fence, begun as u64)
        .await
        .unwrap();
    sender.send("two\n", LogFileEnd::Whole).await;
    assert_eq!(kept(&store, 0).await, Some((0, "one\ntwo\n".to_owned(), true)));
    // It is its collector's last success, and stays; what it wrote is old all the same.
    let old = Retention {
        age: Some(Duration::from_secs(1)),
        ..Retention::EVERYTHING
    };
    let pruned = store.prune(home.path(), &old, at(100), false).await.unwrap();
    assert_eq!((pruned.runs, pruned.kept), (0, 1));
    assert_eq!(kept(&store, 0).await, None);
    // Nothing is kept for a run that is not there.
    home.sql("delete from runs").await;
    home.sql("delete from queued_runs").await;
    sender.send("three\n", LogFileEnd::Whole).await;
    assert_eq!(kept(&store, 0).await, None);
    store.close().await;
}

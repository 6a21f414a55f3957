//! A million records: how long it takes to take them, and in how much memory. By hand:
//! `cargo test --release --test store record_figures -- --ignored --nocapture --test-threads=1`

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use orchestrator::events::RecordCounts;
use orchestrator::model::RunId;
use orchestrator::records::{Delivery, Follower, Wanted};

use crate::both::runtime;
use crate::cluster::cluster;
use crate::records::shelf;
use crate::run_events::{Home, at};

const RECORDS: u64 = 1_000_000;

/// Two hundred bytes each, in an order that is not that of the keys; of every ten this many.
fn events(home: &Home, version: u32, of_ten: u64) -> Delivery {
    let name = format!("{version}.events.jsonl");
    let mut out = BufWriter::new(File::create(home.path().join(&name)).unwrap());
    for number in (0..RECORDS).filter(|number| number % 10 < of_ten) {
        let key = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(
            out,
            "{{\"type\":\"record\",\"collection\":\"figures\",\"key\":\"{key:016x}\",\"data\":{{\"number\":{number},\
             \"name\":\"a name of some length\",\"authors\":[\"One\",\"Two\"],\"version\":{}}}}}",
            if number % 10 == 0 { version } else { 0 }
        )
        .unwrap();
    }
    out.flush().unwrap();
    drop(out);
    let begin = Instant::now();
    let examined = Follower::open(&home.path().join(&name))
        .unwrap()
        .finish()
        .unwrap();
    println!("examined {} bytes in {:?}", examined.bytes, begin.elapsed());
    Delivery {
        run: RunId::new(format!("r{version}")),
        epoch: None,
        position: 1,
        group: "g".into(),
        name: "c".into(),
        command: "c".into(),
        at: at(version.into()),
        events: name.into(),
        bytes: examined.bytes,
        state: None,
        reads: Vec::new(),
        complete: Vec::new(),
        settles: None,
        only_reads: false,
    }
}

/// The largest resident set since the last reset (proc(5), clear_refs).
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

async fn measure(home: &Home) {
    let store = home.open().await;
    let tenth = RECORDS / 10;
    // New; again; again without four tenths of them; three tenths.
    for (version, of_ten, expected) in [
        (1, 10, (RECORDS, 0, 0)),
        (2, 10, (0, tenth, 9 * tenth)),
        (3, 6, (0, tenth, 5 * tenth)),
        (4, 3, (0, tenth, 2 * tenth)),
    ] {
        let delivery = events(home, version, of_ten);
        fs::write("/proc/self/clear_refs", "5").unwrap();
        let begin = Instant::now();
        let taken = shelf(&store).ingest(home.path(), &delivery).await.unwrap();
        let (time, peak) = (begin.elapsed(), peak());
        println!(
            "{}: {of_ten} tenths taken in {time:?}, {peak} MiB: {}",
            store.name(),
            taken.counts
        );
        let (new, changed, unchanged) = expected;
        assert_eq!(
            taken.counts,
            RecordCounts {
                new,
                changed,
                unchanged
            }
        );
        assert!(
            time < Duration::from_secs(20) && peak < 128,
            "{time:?}, {peak} MiB"
        );
    }
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (begin, mut first, mut count) = (Instant::now(), None, 0);
    let each = |_: &_| {
        first.get_or_insert_with(|| begin.elapsed());
        count += 1;
        Ok(())
    };
    shelf(&store)
        .export("figures", &Wanted::default(), each)
        .await
        .unwrap();
    println!(
        "exported {count} in {:?}, the first after {first:?}, {} MiB",
        begin.elapsed(),
        peak()
    );
    assert_eq!(count, RECORDS);
    assert!(first.unwrap() < Duration::from_millis(200) && peak() < 128);
    store.close().await;
}

#[test]
#[ignore = "takes a minute; run it by hand"]
fn a_million_records_sqlite() {
    runtime().block_on(measure(&Home::new(None)));
}

#[test]
#[ignore = "takes a minute; run it by hand"]
fn a_million_records_postgres() {
    runtime().block_on(measure(&Home::new(Some(cluster().database()))));
}

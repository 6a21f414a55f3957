//! Edge cases 42 to 51: every byte arrives, in order, and no stream waits for the other.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use orchestrator::model::Stream;
use orchestrator::model::{CancelCause, Outcome};
use orchestrator::process::{LineEnd, LineFramer, OutputSink};

use crate::support::{Kept, Lab, is_alive, until, within};

#[tokio::test]
async fn edge_42_43_any_bytes() {
    let lab = Lab::new();
    let (end, kept) = lab.run_fake("bytes fffe00c328 bytes 000a00").await;
    assert_eq!(end.outcome, Outcome::Succeeded);
    assert_eq!(kept.stdout, b"\xff\xfe\x00\xc3\x28\x00\x0a\x00");
    lab.close().await;
}

/// Compares with what `flood N lines` writes.
#[derive(Default)]
struct Expecting {
    seen: u64,
    wrong: u64,
}

impl OutputSink for Expecting {
    async fn chunk(&mut self, stream: Stream, bytes: &[u8]) {
        assert_eq!(stream, Stream::Stdout);
        let pattern = b"123456789\n".repeat(bytes.len() / 10 + 2);
        let start = usize::try_from(self.seen % 10).unwrap();
        self.wrong += u64::from(pattern[start..start + bytes.len()] != *bytes);
        self.seen += bytes.len() as u64;
    }

    async fn quiet(&mut self) {}
}

#[tokio::test]
async fn edge_45_50_many_lines_are_exact_and_in_order() {
    let lab = Lab::new();
    let attempt = lab.launch(&lab.fake("flood 50000003 lines")).await;
    let mut sink = Expecting::default();
    let end = within(attempt.run(&mut sink)).await;
    assert_eq!(
        (end.outcome, sink.seen, sink.wrong),
        (Outcome::Succeeded, 50_000_003, 0)
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_46_partial_last_line() {
    let lab = Lab::new();
    let (_, kept) = lab.run_fake("out first nonl last").await;
    let mut lines = Vec::new();
    let mut emit = |line: orchestrator::process::Line<'_>| lines.push((line.text.to_vec(), line.end));
    let mut framer = LineFramer::new();
    framer.push(&kept.stdout, &mut emit);
    framer.flush(&mut emit);
    assert_eq!(
        lines,
        [
            (b"first".to_vec(), LineEnd::Newline),
            (b"last".to_vec(), LineEnd::Flush)
        ]
    );
    lab.close().await;
}

/// Answers the prompt when the silence after it has been noticed.
struct Answering {
    kept: Kept,
    answer: std::path::PathBuf,
}

impl OutputSink for Answering {
    async fn chunk(&mut self, stream: Stream, bytes: &[u8]) {
        self.kept.chunk(stream, bytes).await;
    }

    async fn quiet(&mut self) {
        self.kept.quiet().await;
        if self.kept.quiets == 1 {
            assert_eq!(self.kept.out(), "name? ");
            std::fs::write(&self.answer, "Ada").unwrap();
        }
    }
}

#[tokio::test]
async fn edge_47_a_prompt_is_seen_while_it_waits() {
    let lab = Lab::new();
    let answer = lab.fifo("answer");
    let spec = lab.spec(
        crate::support::FAKE,
        [
            "nonl",
            "name? ",
            "fifo-read",
            answer.to_str().unwrap(),
            "out",
            "thanks",
        ],
    );
    let attempt = lab.launch(&spec).await;
    let mut sink = Answering {
        kept: Kept::default(),
        answer,
    };
    let end = within(attempt.run(&mut sink)).await;
    assert_eq!(
        (end.outcome, sink.kept.out()),
        (Outcome::Succeeded, "name? thanks\n")
    );
    lab.close().await;
}

#[tokio::test]
async fn edge_48_progress_bars_pass_as_they_are() {
    let lab = Lab::new();
    let (_, kept) = lab.run_fake("bytes 3130250d3230250d").await;
    assert_eq!(kept.out(), "10%\r20%\r");
    lab.close().await;
}

/// Lets the flood on stderr end when stdout has come through.
struct Releasing {
    release: std::path::PathBuf,
}

impl OutputSink for Releasing {
    async fn chunk(&mut self, stream: Stream, _: &[u8]) {
        if stream == Stream::Stdout {
            std::fs::write(&self.release, "").unwrap();
        }
    }

    async fn quiet(&mut self) {}
}

#[tokio::test]
async fn edge_51_a_flood_on_stderr_does_not_keep_stdout_waiting() {
    let lab = Lab::new();
    let release = lab.path("release");
    let fake = crate::support::FAKE;
    let script = format!(
        "#!/bin/sh\n{fake} flood-err-until {} &\n{fake} out hello\nwait\n",
        release.display()
    );
    let attempt = lab
        .launch(&lab.spec(lab.script("both", script.as_bytes()), [""; 0]))
        .await;
    let end = within(attempt.run(&mut Releasing { release })).await;
    assert_eq!(end.outcome, Outcome::Succeeded);
    lab.close().await;
}

/// Counts chunks, each of which costs it more time than its collector takes to write another.
#[derive(Default)]
struct Laborious(usize);

impl OutputSink for Laborious {
    async fn chunk(&mut self, _: Stream, _: &[u8]) {
        self.0 += 1;
        std::thread::sleep(Duration::from_millis(1));
    }

    async fn quiet(&mut self) {}
}

/// Masking a chunk may take long, so whoever waits beside a flood has a turn after each that
/// does: an order to end came seconds late when it had one after 128.
#[tokio::test]
async fn a_flood_leaves_others_their_turn() {
    let lab = Lab::new();
    let script = b"#!/bin/sh\nexec /bin/dd if=/dev/zero bs=1M count=20 2>/dev/null\n";
    let attempt = lab.launch(&lab.spec(lab.script("flood", script), [""; 0])).await;
    let (mut sink, mut turns) = (Laborious::default(), 0);
    let other = poll_fn(|_| {
        turns += 1;
        Poll::<()>::Pending
    });
    let end = tokio::select! {
        end = within(attempt.run(&mut sink)) => end,
        () = other => unreachable!("it waits for ever"),
    };
    assert_eq!(end.outcome, Outcome::Succeeded);
    assert!(
        sink.0 > 200 && turns >= sink.0,
        "{turns} turns in {} chunks",
        sink.0
    );
    lab.close().await;
}

/// Takes the first chunk and never comes back.
#[derive(Default)]
struct Stuck(Arc<AtomicBool>);

impl OutputSink for Stuck {
    async fn chunk(&mut self, _: Stream, _: &[u8]) {
        self.0.store(true, Ordering::Relaxed);
        std::future::pending::<()>().await;
    }

    async fn quiet(&mut self) {}
}

/// A sink that is stuck does not keep a collector from its deadline, nor from
/// being killed, and no output piles up in memory meanwhile.
#[tokio::test]
async fn a_stuck_sink_does_not_stop_the_clock() {
    let lab = Lab::new();
    let mut spec = lab.fake("flood 100000000000 nonl");
    for timeout in [Some(Duration::from_millis(200)), None] {
        spec.timeout = timeout;
        let attempt = lab.launch(&spec).await;
        let (controller, pid) = (attempt.controller(), attempt.pid().unwrap());
        let mut sink = Stuck::default();
        let stuck = Arc::clone(&sink.0);
        let ended = async {
            if timeout.is_none() {
                until("the sink is stuck", || stuck.load(Ordering::Relaxed)).await;
                controller.kill(CancelCause::Operator);
            }
            until("it is ended", || !is_alive(pid)).await;
        };
        tokio::select! {
            // On a busy machine it may be ended before it has written anything.
            _ = attempt.run(&mut sink) => assert!(!stuck.load(Ordering::Relaxed), "it came back"),
            () = within(ended) => {}
        }
    }
    lab.close().await;
}

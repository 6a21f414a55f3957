//! Pages that are open: their streams hold back neither the end of the process nor a collector,
//! also where nobody reads them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::fast::{Fast, stop};
use crate::operation::port;
use crate::support::wait_until;

/// At the next minute of a fast clock: 40 MiB as fast as they go, after the word is given.
const FLOOD: &str = "#!/bin/sh
echo ready
while [ ! -e go ]; do sleep 0.05; done
yes 'a line of a flood that nobody can read as fast as it comes' | head -c 41943040
";

const OFTEN: &str = "
groups:
  g:
    default_time: \"04:10\"
    tasks:
      - {command: flood, schedule: interval, minutes: 60}
";

/// A stream that has been answered; nothing of it is read but its head.
fn open(port: u16, query: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let patience = Duration::from_secs(20);
    stream.set_read_timeout(Some(patience)).unwrap();
    write!(
        stream,
        "GET /live?{query} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"
    )
    .unwrap();
    let mut reader = BufReader::with_capacity(512, stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 200 OK\r\n", "{query}");
    reader
}

/// Reads on until a line has this; whether that line or one before it had `other`.
fn read_until_and_see(reader: &mut impl BufRead, words: &str, other: &str) -> bool {
    let (mut line, mut seen) = (String::new(), false);
    while !line.contains(words) {
        line.clear();
        assert!(
            reader.read_line(&mut line).unwrap() > 0,
            "it ended before {words}"
        );
        seen |= line.contains(other);
    }
    seen
}

fn read_until(reader: &mut impl BufRead, words: &str) {
    read_until_and_see(reader, words, words);
}

#[test]
fn a_process_with_many_streams_ends_at_once() {
    let fast = Fast::at_rate(1, OFTEN, None);
    fast.place.script("flood", FLOOD);
    let serve = fast.start(&["serve", "--listen", "127.0.0.1:0"]);
    let port = port(&fast);
    fast.wait_for("this scheduler leads");
    let mut streams: Vec<_> = (0..50).map(|_| open(port, "home")).collect();
    streams
        .iter_mut()
        .for_each(|stream| read_until(stream, "event: news"));
    let since = Instant::now();
    assert_eq!(stop(serve), Some(0), "{}", fast.said());
    // A third of it on an idle machine; broken off, not ended, they would take two seconds.
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    streams
        .iter_mut()
        .for_each(|stream| read_until(stream, "data: end"));
    fast.place.wait_until_gone();
}

#[test]
fn a_flood_waits_for_no_viewer_and_costs_no_memory() {
    let fast = Fast::at_rate(36_000, OFTEN, None);
    fast.place.script("flood", FLOOD);
    let serve = fast.start(&["serve", "--listen", "127.0.0.1:0"]);
    let port = port(&fast);
    let running = "select r.id from runs r join attempts a on a.run_id = r.id where r.finished_at is null";
    wait_until("a run", || !fast.rows(running).is_empty());
    let run = fast.rows(running).remove(0);
    let mut unread: Vec<_> = (0..20)
        .map(|_| open(port, &format!("run={run}&log=1.1&from=0")))
        .collect();
    let mut read = open(port, &format!("run={run}&log=1.1&from=0"));
    read_until(&mut read, "ready");
    let resident = || {
        let status = fs::read_to_string(format!("/proc/{}/status", serve.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
        kib
    };
    let before = resident();
    fs::write(fast.place.path("go"), "").unwrap();
    // The newest state may be the last one at once: a quick run is told in one message.
    let told = read_until_and_see(&mut read, "\"done\":true", "a line of a flood");
    assert!(told, "what was written was shown");
    let after = resident();
    assert!(after - before < 16 << 10, "{before} KiB, then {after} KiB");
    let ended = format!("select outcome from tasks where run_id = '{run}'");
    wait_until("its end", || fast.rows(&ended) == ["succeeded"]);
    // They were answered, and what they did not read was kept for nobody.
    unread
        .iter_mut()
        .for_each(|stream| read_until(stream, "event: hello"));
    assert_eq!(stop(serve), Some(0), "{}", fast.said());
    fast.place.wait_until_gone();
}

#[test]
fn a_flood_waits_for_no_reader_of_standard_error() {
    let fast = Fast::at_rate(36_000, OFTEN, None);
    let notes_its_end = format!("{FLOOD}echo \"$ORCHESTRATE_SLOT\" >> ran\n");
    fast.place.script("flood", &notes_its_end);
    fs::write(fast.place.path("go"), "").unwrap();
    let mut command = fast.command(&["serve", "--listen", "127.0.0.1:0"]);
    // Its pipe is held open to the end, and never read.
    let serve = fast
        .place
        .start(command.env("ORCHESTRATE_TIME_LAPSE", &fast.lapse));
    wait_until("two floods", || fast.ran().len() >= 2);
    let ended = "select outcome from tasks where outcome is not null";
    wait_until("their ends", || fast.rows(ended).len() >= 2);
    assert_eq!(fast.rows(ended)[..2], ["succeeded", "succeeded"]);
    assert_eq!(stop(serve), Some(0));
    fast.place.wait_until_gone();
}

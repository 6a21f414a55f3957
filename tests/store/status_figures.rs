//! How long `status` and each page of `serve` take with a million attempts behind them, on SQLite without
//! statistics.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::run_events::Home;
use crate::support::Place;

/// 100,000 runs of ten tasks, the last of them a moment ago: 500 tasks, each three times a day.
fn million(statement: &str) -> String {
    statement
        .replace("n % 5", "n % 50")
        // Such that it has a page.
        .replace(
            "printf_id",
            "'20261130-000000-' || substr(cast(1000000 + n as text), 2)",
        )
        .replace("1700000000000000", "BASE_")
}

#[test]
#[ignore = "takes minutes; run it by hand"]
fn a_million_attempts_and_500_tasks_sqlite() {
    figures(&Home::new(None));
}

#[test]
#[ignore = "takes minutes; run it by hand"]
fn a_million_attempts_and_500_tasks_postgres() {
    figures(&Home::new(Some(crate::cluster::cluster().database())));
}

/// How long the verb takes, from its start to its end, and how much of that is the start.
fn figures(home: &Home) {
    let groups: String = (0..50)
        .map(|group| {
            let tasks: String = (1..=10)
                .map(|task| {
                    format!(
                        "      - {{command: fake, name: run_{}, schedule: daily}}\n",
                        group * 10 + task
                    )
                })
                .collect();
            format!("  g{group}:\n    default_time: '00:00'\n    tasks:\n{tasks}")
        })
        .collect();
    let place = Place::new(&format!("groups:\n{groups}"));
    crate::both::runtime().block_on(async {
        home.open().await.close().await;
        crate::figures::fill_as(home, 100_000, million).await;
    });
    let run = |args: &[&str]| {
        let mut command = place.command(args);
        command.arg("--state-dir").arg(home.path());
        command.envs(home.url.as_ref().map(|url| ("DATABASE_URL", url)));
        let begin = Instant::now();
        let seen = place.see(place.start(&mut command));
        (begin.elapsed(), seen)
    };
    let median = |args: &[&str]| {
        let mut times: Vec<Duration> = (0..11).map(|_| run(args).0).collect();
        times.sort();
        times[5]
    };
    println!("{}", run(&["status"]).1.exits(0).stdout.lines().next().unwrap());
    let (whole, start) = (median(&["status"]), median(&["history", "--last", "1"]));
    let json = median(&["status", "--format", "json"]);
    println!("status {whole:.1?}, as JSON {json:.1?}; history --last 1 {start:.1?}");
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.arg("--state-dir").arg(home.path());
    command.envs(home.url.as_ref().map(|url| ("DATABASE_URL", url)));
    let mut serve = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Kept to the end: what it says more finds its reader.
    let mut said = BufReader::new(serve.stderr.take().unwrap());
    let port = loop {
        let mut line = String::new();
        assert!(said.read_line(&mut line).unwrap() > 0, "it does not serve");
        if let Some((_, port)) = line.split_once("listening on http://127.0.0.1:") {
            let digits: String = port.chars().take_while(char::is_ascii_digit).collect();
            break digits.parse::<u16>().unwrap();
        }
    };
    let slow = pages(port, home.url.is_none());
    serve.kill().unwrap();
    serve.wait().unwrap();
    place.wait_until_gone();
    assert!(slow.is_empty(), "slower than it may be: {slow:?}");
}

/// Every page that asks the database: its time from the connection to the last byte, which is more
/// than that of its statements. Those that are too slow.
fn pages(port: u16, is_sqlite: bool) -> Vec<String> {
    let run = "/runs/20261130-000000-099998";
    let paths = [
        "/".to_owned(),
        "/timeline".to_owned(),
        "/timeline?hours=168".to_owned(),
        "/runs".to_owned(),
        "/runs?outcome=failed".to_owned(),
        "/runs?outcome=suspect".to_owned(),
        "/runs?outcome=timed_out".to_owned(),
        "/runs?group=g7".to_owned(),
        "/runs?collector=run_77".to_owned(),
        run.to_owned(),
        format!("{run}/logs/1.1"),
        format!("{run}/retry"),
        "/collectors/g7/run_77".to_owned(),
        "/schedule".to_owned(),
        "/records".to_owned(),
        "/workers".to_owned(),
        "/audit".to_owned(),
    ];
    let mut slow = Vec::new();
    for path in paths {
        let mut times: Vec<Duration> = (0..11).map(|_| fetch(port, &path)).collect();
        let first = times[0];
        times.sort();
        println!("{path:45} first {first:9.1?}, then {:9.1?}", times[5]);
        let most = if is_sqlite && path != "/" { 50 } else { 100 };
        if times[5] > Duration::from_millis(most) {
            slow.push(format!("{path} {:.1?}", times[5]));
        }
    }
    slow
}

fn fetch(port: u16, path: &str) -> Duration {
    let begin = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let took = begin.elapsed();
    let head = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
    assert_eq!(head, "HTTP/1.1 200", "{path}");
    took
}

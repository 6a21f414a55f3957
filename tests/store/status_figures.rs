//! How long `status` takes with a million attempts behind it.

use std::time::{Duration, Instant};

use crate::run_events::Home;
use crate::support::Place;

/// 100,000 runs of ten tasks, the last of them a moment ago: 500 tasks, each three times a day.
fn million(statement: &str) -> String {
    statement
        .replace("n % 5", "n % 50")
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
}

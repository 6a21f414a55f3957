//! Numbers about one collector.

use orchestrator::model::{Because, CancelCause, Exit, Outcome};
use orchestrator::store::{StatisticsFilter, this_process};

use crate::run_events::{Home, Story, at};

on_both!(a_collector_is_counted, the_last_success_may_be_long_ago);

async fn a_collector_is_counted(home: &Home) {
    let store = home.open().await;
    let failed = || Outcome::Failed(Exit::Code(3));
    for (number, id, of_a, of_b) in [
        (0, "one", Outcome::Succeeded, failed()),
        (
            1,
            "two",
            Outcome::Skipped(Because::NoNewRelease),
            Outcome::Lost("why".into()),
        ),
        (2, "three", failed(), Outcome::Succeeded),
    ] {
        let mut story = Story::new(id, number * 10, &["a", "b"], this_process().unwrap());
        match of_a {
            Outcome::Skipped(_) => story.skip(of_a),
            _ => story.does(of_a),
        };
        assert!(story.does(of_b).finish().tell(&store).await.failure.is_none());
    }
    let mut open = Story::new("four", 30, &["a", "b"], this_process().unwrap());
    open.start(1).tell(&store).await;
    let filter = |command: &str| StatisticsFilter {
        command: command.into(),
        last: 1000,
        ..StatisticsFilter::default()
    };
    let numbers = store.statistics(&filter("a")).await.unwrap();
    assert_eq!(numbers.runs, 4);
    assert_eq!(numbers.success_rate, Some(0.5));
    let count = |outcome: &str| numbers.outcomes.get(outcome).copied().unwrap_or(0);
    assert_eq!(
        (
            count("succeeded"),
            count("failed"),
            count("skipped"),
            count("unfinished")
        ),
        (1, 1, 1, 1)
    );
    assert_eq!((numbers.first, numbers.last), (Some(at(0)), Some(at(30))));
    assert_eq!(numbers.duration.unwrap().median_ms, 1000);
    assert_eq!(numbers.last_success.unwrap().run.as_str(), "one");
    let failure = numbers.last_failure.unwrap();
    assert_eq!(
        (
            failure.run.as_str(),
            failure.outcome.as_str(),
            failure.reason.as_str()
        ),
        ("three", "failed", "exited with code 3")
    );
    let lost = store.statistics(&filter("b")).await.unwrap();
    assert_eq!(lost.last_failure.unwrap().outcome, "lost");
    // Of a window the counts, of all time the last success and failure.
    let mut newest = filter("a");
    newest.last = 1;
    assert_eq!(store.statistics(&newest).await.unwrap().runs, 1);
    let mut early = filter("a");
    (early.since, early.until) = (Some(at(0)), Some(at(10)));
    let early = store.statistics(&early).await.unwrap();
    assert_eq!((early.runs, early.success_rate), (1, Some(1.0)));
    assert!(early.last_failure.is_some());
    let mut elsewhere = filter("a");
    elsewhere.group = Some("h".into());
    let nothing = store.statistics(&elsewhere).await.unwrap();
    assert_eq!((nothing.runs, nothing.success_rate), (0, None));
    assert!(nothing.last_success.is_none() && nothing.last_failure.is_none() && nothing.duration.is_none());
    store.close().await;
}

async fn the_last_success_may_be_long_ago(home: &Home) {
    let store = home.open().await;
    let cancelled = Outcome::Cancelled {
        by: CancelCause::Operator,
        exit: None,
    };
    for number in 0..30 {
        let mut story = Story::new(&format!("r{number:02}"), number, &["a"], this_process().unwrap());
        story.does(if number == 3 {
            Outcome::Succeeded
        } else {
            cancelled.clone()
        });
        assert!(story.finish().tell(&store).await.failure.is_none());
    }
    let filter = StatisticsFilter {
        command: "a".into(),
        last: 10,
        ..StatisticsFilter::default()
    };
    let numbers = store.statistics(&filter).await.unwrap();
    assert_eq!((numbers.runs, numbers.success_rate), (10, Some(0.0)));
    assert_eq!(numbers.last_success.unwrap().run.as_str(), "r03");
    assert_eq!(numbers.last_failure.unwrap().run.as_str(), "r29");
    store.close().await;
}

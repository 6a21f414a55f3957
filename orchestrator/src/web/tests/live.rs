//! The streams of pages: what they are told, that nothing of a collector is markup in it, and when
//! they end.

use std::time::Duration;

use axum::body::BodyDataStream;
use serde_json::Value;
use tokio::time::timeout;
use tokio_stream::StreamExt;

use super::logs::{hostile_log, write_log};
use super::night::{HOSTILE, MARKUP, RUN, hostile_run_ends, hostile_run_goes_on};
use super::*;
use crate::events::{Output, TaskProgress};
use crate::model::RunId;
use crate::web::live::feed::tests::{begin, output, task};

/// A stream as a browser reads it.
struct Tab {
    body: BodyDataStream,
    text: String,
}

impl Fixture {
    async fn open(&self, query: &str) -> Tab {
        let request = Request::builder()
            .uri(format!("/live?{query}"))
            .header(header::HOST, "localhost:8080")
            .header(header::ACCEPT_ENCODING, "gzip");
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{query}");
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store, no-transform");
        assert_eq!(headers["x-accel-buffering"], "no");
        assert!(!headers.contains_key(header::CONTENT_ENCODING));
        let mut tab = Tab {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        };
        assert_eq!(tab.event().await.unwrap().0, "hello");
        tab
    }
}

impl Tab {
    /// The next event, with its data; `None` at the end of the stream.
    async fn event(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let Some((name, data)) = event.split_once('\n') else {
                    // A sign of life.
                    continue;
                };
                let name = name.strip_prefix("event: ").unwrap();
                let data = data.strip_prefix("data: ").unwrap();
                assert!(!data.contains('\n'), "{data}");
                return Some((name.to_owned(), data.to_owned()));
            }
            let next = timeout(Duration::from_secs(20), self.body.next());
            let bytes = next.await.expect("nothing comes")?.unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next news of which this is true.
    async fn news(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (name, data) = self.event().await.expect("the stream has ended");
            assert_eq!(name, "news", "{data}");
            let news: Value = serde_json::from_str(&data).unwrap();
            if is_it(&news) {
                return news;
            }
        }
    }
}

fn without_markup(text: &str) {
    for markup in MARKUP {
        assert!(!text.contains(markup), "{markup}: {text}");
    }
    for hidden in ['\u{202e}', '\u{200b}', '\u{2028}', '\0', '\u{1b}'] {
        assert!(!text.contains(hidden), "{hidden:?}: {text}");
    }
}

#[tokio::test]
async fn the_first_page_is_told_when_it_is_another_and_how_far_those_are_that_run() {
    let site = Fixture::new().await;
    let mut tab = site.open("home").await;
    let empty = tab.news(|_| true).await;
    let shown = site.browse("/").await.text;
    let mark = |revision: &Value| {
        format!(
            "data-live=\"home\" data-revision=\"{}\"",
            revision.as_str().unwrap()
        )
    };
    assert!(shown.contains(&mark(&empty["revision"])), "{shown}");

    hostile_run_goes_on(&site).await;
    let run = RunId::new(RUN);
    let mut listener = begin(&site.feed, &run);
    listener.progress(&TaskProgress {
        task: Arc::new(task(1)),
        at: now(),
        current: 40,
        total: Some(120),
        message: Some(HOSTILE.to_owned()),
        eta_ms: Some(420_000),
    });
    let said = format!("said-{RUN}.1");
    let news = tab.news(|news| news["texts"][&said].is_string()).await;
    assert_ne!(news["revision"], empty["revision"]);
    let words = news["texts"][&said].as_str().unwrap();
    assert!(words.starts_with("40 of 120: "), "{words}");
    for hidden in ['\u{202e}', '\u{200b}', '\u{2028}', '\0', '\u{1b}'] {
        assert!(!words.contains(hidden), "{words}");
    }
    assert_eq!(news["bars"][format!("bar-{RUN}.1")], serde_json::json!([40, 120]));
    assert_eq!(news["texts"][format!("left-{RUN}.1")], "about 7m left");
    // The page that is loaded now says the same.
    let shown = site.browse("/").await.text;
    assert!(shown.contains(&mark(&news["revision"])), "{shown}");
    assert!(
        shown.contains("<progress max=\"120\" value=\"40\"") && shown.contains("40 of 120: "),
        "{shown}"
    );
    without_markup(&shown);
}

#[tokio::test]
async fn a_run_is_told_until_its_end() {
    let site = Fixture::new().await;
    hostile_run_goes_on(&site).await;
    let mut listener = begin(&site.feed, &RunId::new(RUN));
    listener.output(&output(1, format!("{HOSTILE}\n").as_bytes()));
    let shown = site.browse(&format!("/runs/{RUN}")).await.text;
    assert!(shown.contains(&format!("data-live=\"run={RUN}\"")), "{shown}");
    assert!(shown.contains("data-say=\"why-1\""), "{shown}");
    let mut tab = site.open(&format!("run={RUN}")).await;
    let news = tab.news(|_| true).await;
    let why = news["texts"]["why-1"].as_str().unwrap();
    assert!(why.contains("<img src=x"), "text is text: {why}");
    assert!(news["texts"]["took-1"].is_string() && news["texts"]["duration"].is_string());
    hostile_run_ends(&site).await;
    drop(listener);
    let last = tab.news(|news| news["done"] == true).await;
    assert_ne!(last["revision"], news["revision"]);
    assert!(tab.event().await.is_none(), "nothing more will be new");
    let shown = site.browse(&format!("/runs/{RUN}")).await.text;
    assert!(!shown.contains("data-live="), "{shown}");
}

#[tokio::test]
async fn new_lines_of_a_log_come_as_markup_of_ours_alone() {
    let site = Fixture::new().await;
    hostile_run_goes_on(&site).await;
    let mut log = b"2026-11-24T04:10:00.000000000Z stdout F before\n".to_vec();
    write_log(&site, "1-x.2.log", &log);
    let shown = site.browse(&format!("/runs/{RUN}/logs/1.2")).await.text;
    let query = format!("run={RUN}&log=1.2&from={}", log.len());
    assert!(
        shown.contains(&format!("data-live=\"{}\"", query.replace('&', "&#38;"))),
        "{shown}"
    );
    // What came between the page and the stream.
    log.extend(b"2026-11-24T04:10:01.000000000Z stdout F between\n");
    write_log(&site, "1-x.2.log", &log);
    let mut tab = site.open(&query).await;
    let has = |word: &'static str| move |news: &Value| news["log"]["html"].to_string().contains(word);
    let news = tab.news(has("between")).await;
    let from = log.len() - "2026-11-24T04:10:01.000000000Z stdout F between\n".len();
    assert_eq!(news["log"]["place"], serde_json::json!([from, log.len()]));
    assert!(!news["log"]["html"].to_string().contains("before"));
    let place = log.len();
    log.extend(hostile_log());
    write_log(&site, "1-x.2.log", &log);
    let news = tab
        .news(|news| news["log"]["place"][1].as_u64() == Some(log.len() as u64))
        .await;
    let html = news["log"]["html"].as_str().unwrap();
    assert!(html.contains(&format!("id=\"b{place}\"")), "{html}");
    without_markup(html);
    hostile_run_ends(&site).await;
    tab.news(|news| news["done"] == true).await;
    assert!(tab.event().await.is_none());
}

#[tokio::test]
async fn a_log_that_has_reached_its_cap_goes_on_from_memory() {
    let site = Fixture::new().await;
    hostile_run_goes_on(&site).await;
    write_log(
        &site,
        "1-x.2.log",
        b"2026-11-24T04:10:00.000000000Z stdout F full\n",
    );
    let mut listener = begin(&site.feed, &RunId::new(RUN));
    let mut tab = site.open(&format!("run={RUN}&log=1.2&from=0")).await;
    tab.news(|news| news["log"]["html"].to_string().contains("full"))
        .await;
    // Nothing is kept before somebody watches: it is said again until it is heard.
    let beyond = |second: i64| Output {
        at: now() + jiff::SignedDuration::from_secs(second),
        ..output(0, format!("beyond {HOSTILE}\n").as_bytes())
    };
    let heard = async {
        for second in 0.. {
            listener.output(&beyond(second));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let news = tokio::select! {
        news = tab.news(|news| news["log"]["html"].to_string().contains("beyond")) => news,
        () = heard => unreachable!("it goes on for ever"),
    };
    assert_eq!(news["log"]["place"], Value::Null);
    let html = news["log"]["html"].as_str().unwrap();
    assert!(!html.contains("id=\"b"), "{html}");
    without_markup(html);
}

#[tokio::test]
async fn streams_end_with_the_process_and_for_a_newer_tab() {
    let site = Fixture::new().await;
    let mut tabs = Vec::new();
    for _ in 0..5 {
        tabs.push(site.open("home&viewer=a1").await);
    }
    let bye = |why: &str| Some(("bye".to_owned(), why.to_owned()));
    let mut oldest = tabs.remove(0);
    let mut told = oldest.event().await;
    if told.as_ref().is_some_and(|(name, _)| name == "news") {
        told = oldest.event().await;
    }
    assert_eq!(told, bye("another"));
    assert_eq!(oldest.event().await, None);
    site.ending.send_replace(true);
    for tab in &mut tabs {
        let mut told = tab.event().await;
        while told.as_ref().is_some_and(|(name, _)| name == "news") {
            told = tab.event().await;
        }
        // Who has not read what came before may not hear it.
        assert!(told.is_none() || told == bye("end"), "{told:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused() {
    let site = Fixture::new().await;
    for query in [
        "",
        "run=last",
        "home&colour=red",
        "home&viewer=a-b",
        "run=..&log=1.1",
    ] {
        let answer = site.get(&format!("/live?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {}", answer.text);
    }
    let foreign = site.ask("GET", "/live?home", &["evil.example"]).await;
    assert_eq!(foreign.status, StatusCode::MISDIRECTED_REQUEST);
}

//! Makes the messages of a channel for as long as somebody watches: soon after something happened
//! in a run of this process, twice a second while something goes on, and each two seconds for what
//! other processes do, of which nobody tells us but the database.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::web::fault::Fault;
use crate::web::live::home::home_news;
use crate::web::live::log::WatchedLog;
use crate::web::live::news::LiveNews;
use crate::web::live::run::run_news;
use crate::web::live::topic::LiveTopic;
use crate::web::site::Site;

/// Between two messages while something goes on.
const TICK: Duration = Duration::from_millis(500);

/// Between two looks while nothing does.
const IDLE: Duration = Duration::from_secs(2);

/// What happens within so long is told at once.
const TOGETHER: Duration = Duration::from_millis(250);

/// So long after something happened the database may still be behind.
const BEHIND: Duration = Duration::from_secs(3);

/// Keeps `newest` the newest until nothing will change any more.
pub(crate) async fn keep(site: Arc<Site>, topic: LiveTopic, newest: watch::Sender<Option<Bytes>>) {
    let mut changes = site.live.feed.changes();
    let mut follower = WatchedLog::default();
    let mut told: Option<LiveNews> = None;
    let mut happened = Instant::now();
    loop {
        let made = match &topic {
            LiveTopic::Home => home_news(&site).await.map_err(Fault::from),
            LiveTopic::Run(run) => run_news(&site, run).await.map_err(Fault::from),
            LiveTopic::Log(run, place) => follower.news(&site, run, *place).await.map_err(Fault::from),
        };
        let news = made.unwrap_or_else(|fault| LiveNews {
            revision: told
                .as_ref()
                .map(|told| told.revision.clone())
                .unwrap_or_default(),
            // What is not there will not come back.
            done: fault.status == StatusCode::NOT_FOUND,
            away: Some(fault.message),
            ..LiveNews::default()
        });
        let lively = news.is_lively() || matches!(topic, LiveTopic::Log(..));
        let done = news.done;
        if told.as_ref() != Some(&news) {
            newest.send_replace(Some(news.message()));
            told = Some(news);
        }
        if done {
            return;
        }
        let pause = match lively || happened.elapsed() < BEHIND {
            true => TICK,
            false => IDLE,
        };
        tokio::select! {
            () = sleep(pause) => {}
            // The feed is there as long as its site.
            Ok(()) = changes.changed() => {
                happened = Instant::now();
                sleep(TOGETHER).await;
            }
        }
    }
}

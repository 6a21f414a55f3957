//! `/live`: the stream of one tab. It hands on the newest message when its reader has taken the
//! one before, and ends with the process, after an hour, when a newer tab of the same browser needs
//! its place, and when who reads may not any more.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::web::access::identify::caller_of;
use crate::web::assets::{SCRIPT, STYLE};
use crate::web::fault::Fault;
use crate::web::live::channels::Newest;
use crate::web::live::keep::keep;
use crate::web::live::log::WatchedLog;
use crate::web::live::news::event;
use crate::web::live::places::StreamPlace;
use crate::web::live::topic::{LiveQuery, LiveTopic};
use crate::web::parameters::Parameters;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;

/// Between two signs of life; a proxy closes what is silent for a minute.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Why, where the process ends.
const END: &str = "end";

/// A tab that is left open begins anew after so long.
const LONGEST: Duration = Duration::from_secs(3600);

pub(crate) fn route() -> Routes {
    readable("/live", DATA, live)
}

async fn live(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Parameters(query): Parameters<LiveQuery>,
) -> Result<Response, Fault> {
    let topic = query.topic()?;
    let Some(place) = site.live.places.admit(query.viewer()?) else {
        let fault = Fault::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_streams",
            "as many pages are live as may be",
        );
        let fault = fault.hint("the page can be read and loaded again all the same");
        return Ok(([(header::RETRY_AFTER, "10")], fault).into_response());
    };
    let channel = site.live.channels.join(&topic, |newest| {
        tokio::spawn(keep(Arc::clone(&site), topic.clone(), newest))
    });
    let mut first = vec![event("hello", &build())];
    if let (LiveTopic::Log(run, place), Some(_)) = (&topic, query.from) {
        // What came between the page and the stream.
        let news = WatchedLog::from(query.from).news(&site, run, *place).await?;
        first.push(news.message());
    }
    // One message, which its reader takes: the next is made when there is room for it.
    let (sender, receiver) = mpsc::channel(1);
    let watching = Watching {
        newest: channel.newest(),
        end: site.live.end.clone(),
        place,
        headers,
        site,
    };
    tokio::spawn(async move {
        watching.hand_on(first, sender).await;
        // As long as somebody watches.
        drop(channel);
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store, no-transform"),
        // Or nginx gathers what should arrive at once.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let body = ReceiverStream::new(receiver).map(Ok::<Bytes, Infallible>);
    Ok((headers, Body::from_stream(body)).into_response())
}

/// By which a page knows that it is not of this build.
fn build() -> String {
    format!("{} {}", SCRIPT.path, STYLE.path)
}

/// One who watches.
struct Watching {
    newest: Newest,
    end: watch::Receiver<bool>,
    place: StreamPlace,
    /// With which it came: they must still let it in.
    headers: HeaderMap,
    site: Arc<Site>,
}

impl Watching {
    async fn hand_on(mut self, first: Vec<Bytes>, sender: mpsc::Sender<Bytes>) {
        let began = Instant::now();
        let mut alive = interval_at(began + SIGN_OF_LIFE, SIGN_OF_LIFE);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut first = first.into_iter();
        loop {
            let room = tokio::select! {
                why = over(&mut self.end, &self.place, began) => return bye(&sender, why).await,
                // Nobody reads any more.
                () = sender.closed() => return,
                room = sender.reserve() => match room {
                    Ok(room) => room,
                    Err(_) => return,
                },
            };
            if let Some(message) = first.next() {
                room.send(message);
                continue;
            }
            tokio::select! {
                why = over(&mut self.end, &self.place, began) => {
                    room.send(event("bye", why));
                    return;
                }
                () = sender.closed() => return,
                _ = alive.tick() => match caller_of(&self.site, &self.headers).await {
                    Ok(_) => room.send(Bytes::from_static(b": \n\n")),
                    Err(fault) if fault.status == StatusCode::UNAUTHORIZED => {
                        room.send(event("bye", "unauthorized"));
                        return;
                    }
                    // Whether it may is not known while the database is away; it sees nothing new.
                    Err(_) => room.send(Bytes::from_static(b": \n\n")),
                },
                changed = self.newest.changed() => {
                    // The last one was told when its channel ended.
                    if changed.is_err() {
                        return;
                    }
                    if let Some(message) = self.newest.borrow_and_update().clone() {
                        room.send(message);
                    }
                }
            }
        }
    }
}

/// Waits until a stream has to end, and says why.
async fn over(end: &mut watch::Receiver<bool>, place: &StreamPlace, began: Instant) -> &'static str {
    tokio::select! {
        // Whoever dropped the other end has ended as well.
        _ = end.wait_for(|end| *end) => END,
        () = place.gives_way() => "another",
        () = sleep_until(began + LONGEST) => "again",
    }
}

/// Says good-bye to whoever reads, or a browser would open it again; who does not read in time hears
/// nothing, least of all where the process waits for that.
async fn bye(sender: &mpsc::Sender<Bytes>, why: &'static str) {
    let patience = match why {
        END => Duration::from_millis(100),
        _ => Duration::from_secs(5),
    };
    let _ = timeout(patience, sender.send(event("bye", why))).await;
}

//! `/runs/{run}/logs/{place}/raw`: the file of a log as it is, with times and streams, to download;
//! of one on another machine, what is kept of it.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::queries::logs::opened::open_log;
use crate::web::fault::Fault;
use crate::web::pages::logs::asked::{Asked, unreadable};
use crate::web::parameters::PathParts;
use crate::web::route_policy::{DATA, Routes, readable};
use crate::web::site::Site;

/// How much is read at a time, and how much may wait for who reads slowly.
const CHUNK: usize = 64 << 10;
const WAITING: usize = 4;

pub(crate) fn route() -> Routes {
    readable("/runs/{run}/logs/{place}/raw", DATA, raw)
}

async fn raw(
    State(site): State<Arc<Site>>,
    PathParts([run, place]): PathParts<2>,
) -> Result<Response, Fault> {
    let asked = Asked::read(&site, &run, &place).await?;
    let (_, attempt) = asked.found()?;
    let Some(attempt) = attempt else {
        return Err(Fault::not_found("it was never started, so there is no log"));
    };
    let opened = open_log(&site.store, &site.state_dir, asked.run(), attempt).await;
    let mut file = unreadable(Ok(opened))?;
    // Of a file that is elsewhere it begins with what is kept.
    let first = file.first();
    unreadable(Ok(file.seek(SeekFrom::Start(first))))?;
    let (sender, receiver) = mpsc::channel::<std::io::Result<Bytes>>(WAITING);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk).map(|count| {
                chunk.truncate(count);
                Bytes::from(chunk)
            });
            let ends = read.as_ref().map_or(true, Bytes::is_empty);
            if ends && read.is_ok() {
                return;
            }
            // Who went away needs no more of it.
            if sender.blocking_send(read).is_err() || ends {
                return;
            }
        }
    });
    let name = format!(
        "{}-{}.{}.log",
        asked.run(),
        asked.place.position,
        asked.place.attempt
    );
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(receiver))).into_response())
}

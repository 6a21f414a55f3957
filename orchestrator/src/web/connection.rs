//! One connection, from its first byte to its last: no head of a request is waited for long,
//! no answer is held for whoever does not read it, and it ends when its place is needed.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;

use crate::web::access::sign_in_tries::Peer;
use crate::web::connections::{Answering, ConnectionPlace};
use crate::web::patient_stream::{PATIENCE, PatientStream};

/// How long the head of a request may take, from the moment it could be sent: so long a
/// connection may also be kept open without one.
const HEAD: Duration = Duration::from_secs(10);

/// The most that is kept of a connection; a larger head is refused.
const BUFFER: usize = 16 << 10;

/// Answers what is asked on a connection until it ends. Once `end` has come it answers what
/// goes on and nothing more.
pub(crate) async fn converse(
    stream: TcpStream,
    place: ConnectionPlace,
    router: Router,
    end: impl Future<Output = ()>,
) {
    let activity = place.activity.clone();
    let peer = stream.peer_addr().ok().map(|address| Peer(address.ip()));
    let answer = service_fn(move |mut request: Request<Incoming>| {
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let answering = activity.answer();
        let answer = TowerToHyperService::new(router.clone()).call(request);
        async move {
            // One request, and it is the others' turn: the scheduler has the same thread, and a peer
            // that asks without end would be answered many times in a row.
            tokio::task::yield_now().await;
            let wrap = |body| AnswerBody {
                body,
                _answering: answering,
            };
            Ok::<Response<AnswerBody>, Infallible>(answer.await?.map(wrap))
        }
    });
    let stream = PatientStream::new(stream, place.activity.clone(), PATIENCE);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    // How it ends concerns nobody: what the peer does is its own affair.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = place.evicted() => {}
        () = end => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// The body of an answer, which is being answered until its last byte.
struct AnswerBody {
    body: Body,
    _answering: Answering,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

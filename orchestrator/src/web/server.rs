//! The listener: a port that is taken before anything is started, and served until the end,
//! whoever connects to it and whatever they do there.

use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::web::connection::converse;
use crate::web::connections::Connections;
use crate::web::routes::routes;
use crate::web::site::Site;

/// How long requests that go on may take once the process is to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// The pause after the system could not give a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How long nothing is said of a crowd that was spoken of.
const SILENCE: Duration = Duration::from_secs(60);

/// For whom there is no place.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
    Content-Type: application/json\r\nContent-Length: 110\r\n\r\n\
    {\"error\":{\"code\":\"too_many_connections\",\"message\":\"too many connections are open\",\"hint\":\"ask again in 5 s\"}}\n";

/// A port that is taken, and not yet served.
pub(crate) struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// Takes the port, before anything is started.
///
/// # Errors
/// It is taken by somebody else, or not ours to take.
pub(crate) fn listen(address: SocketAddr) -> std::io::Result<Listening> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok(Listening { listener, address })
}

impl Listening {
    /// Where it listens; the port too, if any was asked for.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `end` becomes true, and a moment longer for requests that go on then.
    ///
    /// # Errors
    /// The system fails.
    pub(crate) async fn serve(
        self,
        site: Site,
        connections: Connections,
        end: watch::Receiver<bool>,
    ) -> std::io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let mut house = House {
            router: routes(site),
            connections,
            open: JoinSet::new(),
            end: end.clone(),
            told: None,
        };
        let mut ended = pin!(ended(end));
        loop {
            tokio::select! {
                biased;
                () = &mut ended => break,
                Some(_) = house.open.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => house.receive(stream, peer),
                    Err(error) => {
                        house.say(&format!("no connection can be taken: {error}"));
                        sleep(PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        // Whoever has not ended by then is broken off.
        let farewell = async { while house.open.join_next().await.is_some() {} };
        let _ = timeout(FAREWELL, farewell).await;
        Ok(())
    }
}

struct House {
    router: Router,
    connections: Connections,
    open: JoinSet<()>,
    end: watch::Receiver<bool>,
    /// When the operator was told last.
    told: Option<Instant>,
}

impl House {
    fn receive(&mut self, stream: TcpStream, peer: SocketAddr) {
        if self.connections.are_taken() {
            let most = self.connections.most();
            self.say(&format!(
                "all {most} connections are taken, the last one by {}: whoever asks nothing gives way",
                peer.ip()
            ));
        }
        match self.connections.admit(peer.ip()) {
            Some(place) => {
                let (router, end) = (self.router.clone(), self.end.clone());
                self.open.spawn(converse(stream, place, router, ended(end)));
            }
            None => {
                // Whoever does not hear it sees that it is closed.
                let _ = stream.try_write(FULL);
            }
        }
    }

    fn say(&mut self, words: &str) {
        if self.told.is_none_or(|told| told.elapsed() > SILENCE) {
            self.told = Some(Instant::now());
            tracing::warn!("{words}");
        }
    }
}

async fn ended(mut end: watch::Receiver<bool>) {
    // Whoever dropped the other end has ended as well.
    let _ = end.wait_for(|end| *end).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let (head, body) = std::str::from_utf8(FULL).unwrap().split_once("\r\n\r\n").unwrap();
        let length = format!("Content-Length: {}", body.len());
        assert!(head.lines().any(|line| line == length), "{length}: {head}");
        let answer: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(answer["error"]["code"], "too_many_connections");
    }
}

//! The listener: a port that is taken before anything is started, and served until the end.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use tokio::sync::watch;

use crate::web::routes::routes;
use crate::web::site::Site;

/// How long requests that go on may take once the process is to end.
const FAREWELL: Duration = Duration::from_secs(2);

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
    pub(crate) async fn serve(self, site: Site, end: watch::Receiver<bool>) -> std::io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let router = routes(site, self.address);
        let serving = axum::serve(listener, router).with_graceful_shutdown(ended(end.clone()));
        let farewell = async {
            ended(end).await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            served = serving => served,
            () = farewell => Ok(()),
        }
    }
}

async fn ended(mut end: watch::Receiver<bool>) {
    // Whoever dropped the other end has ended as well.
    let _ = end.wait_for(|end| *end).await;
}

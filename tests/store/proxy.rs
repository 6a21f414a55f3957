//! A TCP proxy before a server that cuts and stalls connections when it is told to, or is far
//! away.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What the proxy does to what comes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Pass it on.
    Fair,
    /// Pass nothing on, and keep the connections.
    Stalled,
    /// Accept nothing and pass nothing on.
    Cut,
}

/// Listens on a port of its own until the process ends.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    /// How long everything is on its way, in either direction.
    distance: Duration,
    weather: Mutex<Weather>,
    changed: Condvar,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub(crate) fn before(socket: &Path) -> Self {
        Self::at_distance(socket, Duration::ZERO)
    }

    /// A server whose every answer takes twice `distance`.
    pub(crate) fn at_distance(socket: &Path, distance: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            shared: Arc::new(Shared {
                distance,
                weather: Mutex::new(Weather::Fair),
                changed: Condvar::new(),
                open: Mutex::new(Vec::new()),
            }),
        };
        let (shared, socket) = (Arc::clone(&proxy.shared), socket.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.weather() != Weather::Cut {
                    shared.connect(&client, &socket);
                }
            }
        });
        proxy
    }

    pub(crate) fn set(&self, weather: Weather) {
        *self.shared.weather.lock().unwrap_or_else(PoisonError::into_inner) = weather;
        self.shared.changed.notify_all();
        if weather == Weather::Cut {
            self.cut();
        }
    }

    /// Ends every connection there is.
    pub(crate) fn cut(&self) {
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        for client in open.drain(..) {
            // It may have ended by itself.
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn weather(&self) -> Weather {
        *self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: &Arc<Self>, client: &TcpStream, socket: &PathBuf) {
        let Ok(server) = UnixStream::connect(socket) else {
            return;
        };
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(client.try_clone().unwrap());
        let (from_client, to_client) = (client.try_clone().unwrap(), client.try_clone().unwrap());
        let (from_server, to_server) = (server.try_clone().unwrap(), server);
        let shared = Arc::clone(self);
        thread::spawn(move || shared.pump(from_client, to_server));
        let shared = Arc::clone(self);
        thread::spawn(move || shared.pump(from_server, to_client));
    }

    fn pump(&self, mut from: impl Read, mut to: impl Write + Close) {
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            let mut weather = self.weather.lock().unwrap_or_else(PoisonError::into_inner);
            while *weather == Weather::Stalled {
                weather = self.changed.wait(weather).unwrap_or_else(PoisonError::into_inner);
            }
            drop(weather);
            // Questions and answers take turns: nothing is held up but what is on its way.
            thread::sleep(self.distance);
            if to.write_all(&chunk[..count]).is_err() {
                break;
            }
        }
        to.close();
    }
}

/// Ends both directions of a stream.
trait Close {
    fn close(&self);
}

impl Close for TcpStream {
    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Close for UnixStream {
    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

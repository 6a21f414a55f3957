//! The dead man's watch: somebody is asked for a URL as long as all is well, and
//! raises the alarm when that stops.

use crate::model::DeadMan;
use crate::notify::transport::NetworkClient;
use crate::notify::transport::request::NetworkRequest;

/// Asks for it once. A failure is said in the log: the watch notices by itself.
pub async fn pulse(dead_man: &DeadMan, network: &NetworkClient) {
    let asked = match network.value(&dead_man.url) {
        Ok(url) => network.send(&NetworkRequest::Get { url }).await,
        Err(error) => Err(error),
    };
    if let Err(error) = asked {
        tracing::warn!("the dead man's watch was not reached: {error}");
    }
}

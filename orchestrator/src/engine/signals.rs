//! What the operator's signals mean to a run: the first asks it to end politely,
//! the second ends it now.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::run::Order;
use crate::model::CancelCause;

/// Turns SIGINT, SIGTERM and SIGHUP into orders, until nobody takes them.
///
/// # Errors
/// The handlers cannot be installed.
pub fn forward_signals(orders: mpsc::Sender<Order>) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        let mut first = true;
        loop {
            let cause = tokio::select! {
                Some(()) = interrupt.recv() => CancelCause::Interrupt,
                Some(()) = terminate.recv() => CancelCause::Terminate,
                Some(()) = hangup.recv() => CancelCause::Terminate,
                () = orders.closed() => return,
            };
            let order = if std::mem::take(&mut first) {
                Order::Cancel(cause)
            } else {
                Order::Kill(cause)
            };
            if orders.send(order).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}

//! What the operator's signals mean to a run: the first asks it to end politely,
//! the second ends it now.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::model::CancelCause;
use crate::model::Order;

/// Waits for the next signal that asks us to end; those of before count for nothing.
///
/// # Errors
/// The handlers cannot be installed.
pub fn ending_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Turns SIGINT, SIGTERM and SIGHUP into orders, until nobody takes them. A file that may
/// not grow any more (`ulimit -f`) is an error of whoever writes it, and no longer our end.
///
/// # Errors
/// The handlers cannot be installed.
pub fn forward_signals(orders: mpsc::Sender<Order>) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    // Once there is a handler the write fails with EFBIG (setrlimit(2)). Collectors have
    // none: execve(2) takes it away.
    let _ = signal(SignalKind::from_raw(libc::SIGXFSZ))?;
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

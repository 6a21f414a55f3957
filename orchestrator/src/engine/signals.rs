//! What the operator's signals mean to a run: the first asks it to end politely, the second
//! ends it now. A signal that was ignored when we were started stays ignored, as for every
//! program that `nohup` or a shell's `&` starts (nohup(1), sh(1)). To a scheduler SIGHUP means
//! to read its schedule again, and never an end.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::model::{CancelCause, Order};
use crate::rundir::OrderSource;

/// Whether SIGHUP is [`Hangups`]. Of the process, as what it does with its signals is.
static HANGUP_IS_NO_END: AtomicBool = AtomicBool::new(false);

/// SIGHUP as a request, from now on and also if it was ignored at our start: neither it nor a
/// terminal that closes ends this process any more.
#[derive(Debug)]
pub struct Hangups(Signal);

impl Hangups {
    /// To be called in a runtime, as early as can be: until then it ends the process.
    ///
    /// # Errors
    /// The handler cannot be installed.
    pub fn hear() -> io::Result<Self> {
        let hangups = signal(SignalKind::hangup())?;
        HANGUP_IS_NO_END.store(true, Ordering::Relaxed);
        Ok(Self(hangups))
    }

    /// Waits for the next one; may be dropped and asked again.
    pub(crate) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            // The stream ends with the runtime only.
            std::future::pending::<()>().await;
        }
    }
}

/// SIGTSTP, which a terminal sends for Ctrl-Z.
#[derive(Debug)]
pub struct TerminalStops(Signal);

impl TerminalStops {
    /// From now on it does not stop this process by itself. `None` if it is ignored: whoever
    /// started us has no job control. To be called in a runtime.
    ///
    /// # Errors
    /// The handler cannot be installed.
    pub fn hear() -> io::Result<Option<Self>> {
        if IgnoredSignals::of_this_process()?.contains(libc::SIGTSTP) {
            return Ok(None);
        }
        let signal = signal(SignalKind::from_raw(libc::SIGTSTP))?;
        Ok(Some(Self(signal)))
    }

    /// Waits for the next one; may be dropped and asked again.
    pub(crate) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            // The stream ends with the runtime only.
            std::future::pending::<()>().await;
        }
    }
}

/// The signals that ask for an end, those left out that are ignored.
pub(crate) struct EndingSignals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

impl EndingSignals {
    /// Signals of before count for nothing.
    pub(crate) fn new() -> io::Result<Self> {
        let ignored = IgnoredSignals::of_this_process()?;
        let reserved = |number| number == libc::SIGHUP && HANGUP_IS_NO_END.load(Ordering::Relaxed);
        let listen = |number: i32| {
            let wanted = !ignored.contains(number) && !reserved(number);
            wanted.then(|| signal(SignalKind::from_raw(number))).transpose()
        };
        Ok(Self {
            interrupt: listen(libc::SIGINT)?,
            terminate: listen(libc::SIGTERM)?,
            hangup: listen(libc::SIGHUP)?,
        })
    }

    /// The next one; never, if all are ignored. May be dropped and asked again.
    pub(crate) async fn next(&mut self) -> CancelCause {
        tokio::select! {
            () = received(&mut self.interrupt) => CancelCause::Interrupt,
            () = received(&mut self.terminate) => CancelCause::Terminate,
            () = received(&mut self.hangup) => CancelCause::Hangup,
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        // The stream never ends.
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// The signals that this process ignores, as a mask: bit n is signal n + 1 (proc_pid_status(5)).
struct IgnoredSignals(u64);

impl IgnoredSignals {
    /// Ask before handlers are installed: those replace what we were started with.
    fn of_this_process() -> io::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        Self::parse(&status).ok_or_else(|| io::Error::other("/proc/self/status has no SigIgn"))
    }

    fn parse(status: &str) -> Option<Self> {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok().map(Self)
    }

    fn contains(&self, number: i32) -> bool {
        self.0 & (1 << (number - 1)) != 0
    }
}

/// Waits for the next signal that asks us to end; those of before count for nothing.
///
/// # Errors
/// The handlers cannot be installed.
pub fn ending_signal() -> io::Result<impl Future<Output = ()>> {
    let mut signals = EndingSignals::new()?;
    Ok(async move {
        signals.next().await;
    })
}

/// The operator's signals as orders: SIGINT, SIGTERM and SIGHUP. A file that may not grow
/// any more (`ulimit -f`) is an error of whoever writes it by that, and no longer our end.
#[derive(Debug, Clone, Copy)]
pub struct OperatorSignals;

impl OrderSource for OperatorSignals {
    fn forward(self, orders: mpsc::Sender<Order>) -> io::Result<()> {
        let mut signals = EndingSignals::new()?;
        // Once there is a handler the write fails with EFBIG (setrlimit(2)). Collectors have
        // none: execve(2) takes it away.
        let _ = signal(SignalKind::from_raw(libc::SIGXFSZ))?;
        tokio::spawn(async move {
            let mut first = true;
            loop {
                let cause = tokio::select! {
                    cause = signals.next() => cause,
                    () = orders.closed() => return,
                };
                let order = if std::mem::take(&mut first) {
                    if cause == CancelCause::Interrupt {
                        tracing::warn!("{cause}: what runs is asked to end; a second Ctrl-C kills it");
                    }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        // `nohup` ignores SIGHUP; Rust's runtime ignores SIGPIPE.
        let ignored = IgnoredSignals::parse("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0\n").unwrap();
        let told =
            [libc::SIGHUP, libc::SIGPIPE, libc::SIGINT, libc::SIGTERM].map(|number| ignored.contains(number));
        assert_eq!(told, [true, true, false, false]);
        assert!(IgnoredSignals::parse("Name:\tx\n").is_none());
        assert!(IgnoredSignals::of_this_process().unwrap().contains(libc::SIGPIPE));
    }
}

//! Orders from another process: a FIFO (fifo(7)) named `control` in the run's
//! directory. The run reads it; `orchestrate cancel` writes one word into it. Whoever
//! may write into the state directory may give orders, and nobody else.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

use crate::files::make_fifo;
use crate::model::{CancelCause, Order};

const CANCEL: &str = "cancel";
const KILL: &str = "kill";

/// Where orders to a run come from.
pub trait OrderSource {
    /// Passes orders on until nobody takes them. Returns at once.
    ///
    /// # Errors
    /// No order will come from there.
    fn forward(self, orders: mpsc::Sender<Order>) -> io::Result<()>;
}

/// The FIFO of a run.
#[derive(Debug)]
pub struct ControlFifo {
    path: PathBuf,
}

impl ControlFifo {
    /// That of a run's directory, whether it is there or not.
    pub fn of(run_dir: &Path) -> Self {
        Self {
            path: run_dir.join("control"),
        }
    }

    /// Gives an order to the run; `false` if nobody takes orders there.
    ///
    /// # Errors
    /// The FIFO is there and cannot be written.
    pub fn send(&self, order: Order) -> io::Result<bool> {
        let word = match order {
            Order::Cancel(_) => CANCEL,
            Order::Kill(_) => KILL,
        };
        // Without O_NONBLOCK it would wait for a reader that may never come.
        let opened = OpenOptions::new()
            .write(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(&self.path);
        match opened {
            // No reader, or no FIFO.
            Err(error) if error.raw_os_error() == Some(Errno::ENXIO as i32) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            opened => {
                opened?.write_all(format!("{word}\n").as_bytes())?;
                Ok(true)
            }
        }
    }
}

impl OrderSource for ControlFifo {
    /// Makes the FIFO; it is removed when nobody takes orders any more.
    fn forward(self, orders: mpsc::Sender<Order>) -> io::Result<()> {
        let path = self.path;
        make_fifo(&path)?;
        // Open for writing as well: so there is no end of file when a writer goes.
        let fifo = pipe::OpenOptions::new().read_write(true).open_receiver(&path)?;
        let mut lines = BufReader::new(fifo).lines();
        tokio::spawn(async move {
            loop {
                let word = tokio::select! {
                    word = lines.next_line() => word,
                    () = orders.closed() => break,
                };
                let order = match word {
                    Ok(Some(word)) if word == CANCEL => Order::Cancel(CancelCause::Operator),
                    Ok(Some(word)) if word == KILL => Order::Kill(CancelCause::Operator),
                    Ok(Some(word)) => {
                        tracing::warn!("an order that is none: {word:?}");
                        continue;
                    }
                    Ok(None) | Err(_) => break,
                };
                if orders.send(order).await.is_err() {
                    break;
                }
            }
            // It may be gone with the whole directory.
            let _ = std::fs::remove_file(path);
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn orders_arrive_as_long_as_somebody_takes_them() {
        let dir = tempfile::tempdir().unwrap();
        let cancel = Order::Cancel(CancelCause::Operator);
        assert!(
            !ControlFifo::of(dir.path()).send(cancel).unwrap(),
            "there is no run"
        );
        let (sender, mut orders) = mpsc::channel(4);
        ControlFifo::of(dir.path()).forward(sender).unwrap();
        assert!(ControlFifo::of(dir.path()).send(cancel).unwrap());
        assert_eq!(orders.recv().await, Some(cancel));
        let kill = Order::Kill(CancelCause::Operator);
        assert!(ControlFifo::of(dir.path()).send(kill).unwrap());
        assert_eq!(orders.recv().await, Some(kill));
        drop(orders);
        while ControlFifo::of(dir.path()).path.exists() {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn a_fifo_that_a_dead_run_left_takes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        make_fifo(&ControlFifo::of(dir.path()).path).unwrap();
        assert!(
            !ControlFifo::of(dir.path())
                .send(Order::Kill(CancelCause::Operator))
                .unwrap()
        );
    }
}

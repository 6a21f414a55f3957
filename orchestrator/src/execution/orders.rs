//! The orders to a run, wherever they come from.

use std::io;

use tokio::sync::mpsc;

use crate::model::Order;
use crate::rundir::OrderSource;

/// An operator has two things to say, and may say them again.
const ORDERS: usize = 4;

/// The two ends of a run's orders. Its own end is kept open, so that sources can be added
/// while it goes on.
pub struct Orders {
    sender: mpsc::Sender<Order>,
    pub(super) receiver: mpsc::Receiver<Order>,
}

impl Orders {
    /// A run that nobody has given an order yet.
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel(ORDERS);
        Self { sender, receiver }
    }

    /// The end for whoever gives them.
    pub fn sender(&self) -> mpsc::Sender<Order> {
        self.sender.clone()
    }

    /// Takes orders from there as well.
    ///
    /// # Errors
    /// No order will come from there.
    pub fn accept_from(&self, source: impl OrderSource) -> io::Result<()> {
        source.forward(self.sender())
    }

    /// What is left when no source can be added any more.
    pub(super) fn into_receiver(self) -> mpsc::Receiver<Order> {
        self.receiver
    }
}

impl Default for Orders {
    fn default() -> Self {
        Self::new()
    }
}

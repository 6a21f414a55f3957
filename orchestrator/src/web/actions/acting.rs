//! What acting needs, made once by `serve`.

use tokio::sync::{Mutex, MutexGuard};

use crate::web::actions::desk::ActionDesk;
use crate::web::actions::form_key::FormKeys;

/// What acting needs.
pub(crate) struct Acting {
    /// Fulfils wishes.
    pub(crate) desk: Box<dyn ActionDesk>,
    /// Whose forms they are.
    pub(crate) form_keys: FormKeys,
    /// One after another: what one of them finds is still so when it acts.
    turn: Mutex<()>,
}

impl Acting {
    /// Through this desk.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn new(desk: Box<dyn ActionDesk>) -> std::io::Result<Self> {
        Ok(Self {
            desk,
            form_keys: FormKeys::new()?,
            turn: Mutex::default(),
        })
    }

    /// Waits for the others that act.
    pub(crate) async fn await_turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }
}

//! All attempts of this process that go on, helpers included: paused together before the process
//! itself is stopped, and let go on together afterwards.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::process::control::controller::Controller;
use crate::process::tree::awake_time::while_we_run;

/// A supervisor answers in well under a millisecond. Whose does not is stopped without our clock.
const PAUSE_WAIT: Duration = Duration::from_secs(2);

/// Cheap to clone; all clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunningAttempts(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    paused: bool,
    controllers: Vec<Controller>,
}

impl RunningAttempts {
    /// One more. While all are paused it is, too.
    pub(crate) fn add(&self, controller: Controller) {
        let mut state = self.lock();
        state.controllers.retain(Controller::has_attempt);
        if state.paused {
            controller.pause();
        }
        state.controllers.push(controller);
    }

    /// Returns when all are stopped, or have ended, or do not answer.
    pub(crate) async fn pause(&self) {
        let controllers = {
            let mut state = self.lock();
            state.paused = true;
            state.controllers.retain(Controller::has_attempt);
            state.controllers.clone()
        };
        for controller in &controllers {
            controller.pause();
        }
        let answers = async {
            for controller in &controllers {
                controller.paused().await;
            }
        };
        if while_we_run(PAUSE_WAIT, answers).await.is_none() {
            tracing::warn!("not every collector is paused: a supervisor does not answer");
        }
    }

    /// All go on.
    pub(crate) fn resume(&self) {
        let mut state = self.lock();
        state.paused = false;
        for controller in &state.controllers {
            controller.resume();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The whole of a worker: which claims it has, and whether it takes more.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::CancelCause;

use super::claim::RunClaim;
use super::effect::{Effect, Ending, LeaveCause};
use super::flaw::Flaws;
use super::input::WorkerInput;
use super::lease::BootMoment;
use super::terms::{Fence, MessageId, Unfit};

/// How long a message that this worker cannot run is left to others before it is shown again.
const LEAVE_UNFIT: Duration = Duration::from_secs(5);

/// What a worker is started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerSettings {
    /// How many runs at once (`--concurrency`).
    pub capacity: usize,
    /// From the first signal to the moment at which what still runs is cancelled
    /// (`--drain-timeout`); `None`: it is waited for.
    pub drain_timeout: Option<Duration>,
}

/// What people want of the worker; each goes further than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Mode {
    Working,
    /// Nothing more is claimed.
    Draining {
        cause: CancelCause,
        cancel_at: Option<BootMoment>,
    },
    /// What runs is ended politely.
    Cancelling,
    /// What runs is ended now.
    Killing,
}

/// A worker, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Worker {
    settings: WorkerSettings,
    flaws: Flaws,
    mode: Mode,
    claims: BTreeMap<MessageId, RunClaim>,
}

impl Worker {
    /// One that has claimed nothing yet.
    pub fn new(settings: WorkerSettings) -> Self {
        Self {
            settings,
            flaws: Flaws::default(),
            mode: Mode::Working,
            claims: BTreeMap::new(),
        }
    }

    /// One with a deliberate error.
    #[cfg(test)]
    pub(super) fn flawed(settings: WorkerSettings, flaw: super::flaw::Flaw) -> Self {
        Self {
            flaws: Flaws::planted(flaw),
            ..Self::new(settings)
        }
    }

    /// What follows from an input at `now`. Inputs that cannot be (of a claim that is closed,
    /// an answer to nothing) have no effect.
    pub fn step(&mut self, now: BootMoment, input: WorkerInput) -> Vec<Effect> {
        let mut effects = Vec::new();
        for claim in self.claims.values_mut() {
            if let Some((tenure, held)) = claim.tenure() {
                tenure.pass(now, held, &mut effects);
            }
        }
        if let Mode::Draining {
            cause,
            cancel_at: Some(at),
        } = self.mode
            && now >= at
        {
            self.mode = Mode::Cancelling;
            self.cancel_all(Ending::Terminate, cause, &mut effects);
        }
        self.take(now, input, &mut effects);
        for claim in self.claims.values_mut() {
            claim.go_on(now, &mut effects);
        }
        self.claims.retain(|_, claim| !claim.is_closed());
        effects
    }

    /// How many messages may be read now.
    pub fn free(&self) -> usize {
        match self.mode {
            Mode::Working => self.settings.capacity.saturating_sub(self.claims.len()),
            Mode::Draining { .. } | Mode::Cancelling | Mode::Killing => 0,
        }
    }

    /// How many runs it has in hand, those included for which it only asks.
    pub fn busy(&self) -> usize {
        self.claims.len()
    }

    /// Whether it was asked to end.
    pub fn is_draining(&self) -> bool {
        self.mode != Mode::Working
    }

    /// Whether it was asked to end and has nothing left to do: the process may exit.
    pub fn is_drained(&self) -> bool {
        self.is_draining() && self.claims.is_empty()
    }

    /// When an [`WorkerInput::Tick`] is due if nothing else happens; `None`: never.
    pub fn wake_at(&self) -> Option<BootMoment> {
        let drains = match self.mode {
            Mode::Draining { cancel_at, .. } => cancel_at,
            Mode::Working | Mode::Cancelling | Mode::Killing => None,
        };
        let claims = self.claims.values().filter_map(RunClaim::wake_at);
        claims.chain(drains).min()
    }

    fn take(&mut self, now: BootMoment, input: WorkerInput, effects: &mut Vec<Effect>) {
        let is_draining = self.is_draining();
        match input {
            WorkerInput::Tick => {}
            WorkerInput::Shown { fence, unfit } => self.shown(now, fence, unfit, effects),
            WorkerInput::Claimed { fence, reply } => {
                if let Some(claim) = self.claim(fence) {
                    claim.claimed(now, reply, is_draining, effects);
                }
            }
            WorkerInput::Cancel { message, cause } => {
                if let Some(claim) = self.claims.get_mut(&message) {
                    claim.cancel(Ending::Terminate, cause, effects);
                }
            }
            WorkerInput::Signal { cause } => self.signal(now, cause, effects),
            WorkerInput::Renewed { fence, .. }
            | WorkerInput::Written { fence, .. }
            | WorkerInput::Due { fence, .. }
            | WorkerInput::Gone { fence }
            | WorkerInput::DeliveryDue { fence, .. }
            | WorkerInput::Journaled { fence, .. }
            | WorkerInput::Over { fence, .. } => self.take_granted(now, fence, input, effects),
        }
    }

    fn take_granted(&mut self, now: BootMoment, fence: Fence, input: WorkerInput, effects: &mut Vec<Effect>) {
        let Some((tenure, held)) = self.claim(fence).and_then(RunClaim::tenure) else {
            return;
        };
        match input {
            WorkerInput::Renewed { reply, .. } => tenure.renewed(now, held, reply, effects),
            WorkerInput::Written { write, reply, .. } => tenure.written(now, held, (write, reply), effects),
            WorkerInput::Due { attempt, .. } => tenure.due(attempt),
            WorkerInput::Gone { .. } => tenure.gone(),
            WorkerInput::DeliveryDue { task, .. } => tenure.delivery_due(task),
            WorkerInput::Journaled { upto, .. } => tenure.journaled(upto),
            WorkerInput::Over { over, .. } => tenure.over(over),
            WorkerInput::Tick
            | WorkerInput::Shown { .. }
            | WorkerInput::Claimed { .. }
            | WorkerInput::Cancel { .. }
            | WorkerInput::Signal { .. } => {}
        }
    }

    fn claim(&mut self, fence: Fence) -> Option<&mut RunClaim> {
        self.claims
            .get_mut(&fence.message)
            .filter(|claim| claim.fence() == fence)
    }

    fn shown(&mut self, now: BootMoment, fence: Fence, unfit: Option<Unfit>, effects: &mut Vec<Effect>) {
        // The claim that is still here is either renewed, or fenced by its own answer.
        if self.claims.contains_key(&fence.message) {
            return;
        }
        let leave = if self.is_draining() {
            Some((LeaveCause::Draining, Duration::ZERO))
        } else if let Some(unfit) = unfit {
            Some((LeaveCause::Unfit(unfit), LEAVE_UNFIT))
        } else if self.free() == 0 {
            Some((LeaveCause::Full, Duration::ZERO))
        } else {
            None
        };
        if let Some((cause, pause)) = leave {
            effects.push(Effect::Leave { fence, pause, cause });
            return;
        }
        self.claims
            .insert(fence.message, RunClaim::new(now, fence, self.flaws));
    }

    fn signal(&mut self, now: BootMoment, cause: CancelCause, effects: &mut Vec<Effect>) {
        match self.mode {
            Mode::Working => {
                let cancel_at = self.settings.drain_timeout.map(|timeout| now.after(timeout));
                self.mode = Mode::Draining { cause, cancel_at };
                self.claims.values_mut().for_each(RunClaim::withdraw);
            }
            Mode::Draining { .. } => {
                self.mode = Mode::Cancelling;
                self.cancel_all(Ending::Terminate, cause, effects);
            }
            Mode::Cancelling | Mode::Killing => {
                self.mode = Mode::Killing;
                self.cancel_all(Ending::Kill, cause, effects);
            }
        }
    }

    fn cancel_all(&mut self, ending: Ending, cause: CancelCause, effects: &mut Vec<Effect>) {
        for claim in self.claims.values_mut() {
            claim.cancel(ending, cause, effects);
        }
    }
}

#[cfg(test)]
impl Worker {
    /// As a clock that stands still sees it `span` later: so that two moments from which
    /// the same follows are one state of the model.
    pub(super) fn age(&mut self, span: Duration, now: BootMoment) {
        for claim in self.claims.values_mut() {
            claim.age(span, now);
        }
    }
}

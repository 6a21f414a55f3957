//! One claim, from the asking to its close: who has been asked, what was granted, how it
//! closed. What happens in between is [`super::tenure`]'s.

use crate::model::CancelCause;

use super::effect::{CloseCause, Effect, Ending};
#[cfg(test)]
use super::flaw::Flaw;
use super::flaw::Flaws;
use super::input::{ClaimReply, Grant};
use super::lease::{BootMoment, LONGEST_PAUSE};
use super::request::PendingRequest;
use super::tenure::{Held, Tenure};
use super::terms::Fence;
#[cfg(test)]
use super::terms::Sequence;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Stage {
    Asking {
        /// When the question that is under way was sent.
        request: PendingRequest<BootMoment>,
        cancelled: Option<CancelCause>,
    },
    Granted(Tenure),
    Closed(CloseCause),
}

/// A claim, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RunClaim {
    held: Held,
    stage: Stage,
}

impl RunClaim {
    /// One that is about to be asked for.
    pub(super) fn new(now: BootMoment, fence: Fence, flaws: Flaws) -> Self {
        let stage = Stage::Asking {
            request: PendingRequest::From(now),
            cancelled: None,
        };
        let held = Held { fence, flaws };
        Self { held, stage }
    }

    pub(super) fn fence(&self) -> Fence {
        self.held.fence
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed(_))
    }

    /// The run, and what stays the same of its claim, where it was granted.
    pub(super) fn tenure(&mut self) -> Option<(&mut Tenure, Held)> {
        match &mut self.stage {
            Stage::Granted(tenure) => Some((tenure, self.held)),
            Stage::Asking { .. } | Stage::Closed(_) => None,
        }
    }

    /// The answer to the question.
    pub(super) fn claimed(
        &mut self,
        now: BootMoment,
        reply: ClaimReply,
        is_draining: bool,
        effects: &mut Vec<Effect>,
    ) {
        let Stage::Asking {
            request: PendingRequest::Sent(sent),
            cancelled,
        } = self.stage
        else {
            return;
        };
        self.stage = match reply {
            ClaimReply::Granted(grant) => {
                let mut tenure = Tenure::new(sent, grant);
                // An answer that took most of the lease leaves no time to begin anything.
                if is_draining || tenure.is_overdue(now) {
                    tenure.give_back();
                }
                tenure.pass(now, self.held, effects);
                if tenure.is_open() {
                    self.begin(grant, effects);
                    if let Some(cause) = grant.cancelled.or(cancelled) {
                        tenure.cancel(self.held, Ending::Terminate, cause, effects);
                    }
                }
                Stage::Granted(tenure)
            }
            ClaimReply::Refused => Stage::Closed(CloseCause::Refused),
            // It may have been granted: the message comes back when that lease is over.
            ClaimReply::Lost if is_draining => Stage::Closed(CloseCause::Refused),
            ClaimReply::Lost => Stage::Asking {
                request: PendingRequest::From(now.after(LONGEST_PAUSE)),
                cancelled,
            },
        };
    }

    fn begin(&self, grant: Grant, effects: &mut Vec<Effect>) {
        let recorded = grant.recorded;
        #[cfg(test)]
        let recorded = if self.held.flaws.has(Flaw::ResumeFromStart) {
            Sequence(0)
        } else {
            recorded
        };
        let fence = self.held.fence;
        effects.push(Effect::Begin { fence, recorded });
    }

    /// Somebody wants the run to end: it does so by itself, and records how.
    pub(super) fn cancel(&mut self, ending: Ending, cause: CancelCause, effects: &mut Vec<Effect>) {
        match &mut self.stage {
            Stage::Asking { cancelled, .. } => {
                cancelled.get_or_insert(cause);
            }
            Stage::Granted(tenure) => tenure.cancel(self.held, ending, cause, effects),
            Stage::Closed(_) => {}
        }
    }

    /// The worker is about to end: what is not under way is not asked for again.
    pub(super) fn withdraw(&mut self) {
        let is_under_way = matches!(
            self.stage,
            Stage::Asking {
                request: PendingRequest::Sent(_),
                ..
            }
        );
        if matches!(self.stage, Stage::Asking { .. }) && !is_under_way {
            self.stage = Stage::Closed(CloseCause::Refused);
        }
    }

    /// What can be done now, given all that is known: nothing here depends on what the
    /// last input was, so that no order of inputs is forgotten.
    pub(super) fn go_on(&mut self, now: BootMoment, effects: &mut Vec<Effect>) {
        let fence = self.held.fence;
        match &mut self.stage {
            Stage::Asking { request, .. } => {
                if request.is_due(now) {
                    *request = PendingRequest::Sent(now);
                    effects.push(Effect::Claim(fence));
                }
            }
            Stage::Granted(tenure) => {
                tenure.go_on(now, self.held, effects);
                if let Some(cause) = tenure.closed() {
                    self.stage = Stage::Closed(cause);
                }
            }
            Stage::Closed(_) => {}
        }
        if let Stage::Closed(cause) = self.stage {
            effects.push(Effect::Close(fence, cause));
        }
    }

    /// When time alone brings something.
    pub(super) fn wake_at(&self) -> Option<BootMoment> {
        match &self.stage {
            Stage::Asking { request, .. } => request.due_at(),
            Stage::Granted(tenure) => tenure.wake_at(),
            Stage::Closed(_) => None,
        }
    }
}

#[cfg(test)]
impl RunClaim {
    /// As a clock that stands still sees it `span` later.
    pub(super) fn age(&mut self, span: std::time::Duration, now: BootMoment) {
        match &mut self.stage {
            Stage::Asking { request, .. } => {
                if let PendingRequest::Sent(sent) = request {
                    *sent = sent.aged(span, now.before(span * 8));
                }
                request.age(span, now);
            }
            Stage::Granted(tenure) => tenure.age(span, now),
            Stage::Closed(_) => {}
        }
    }
}

//! The protocol, case by case: one worker, a lease of 20 s, a clock that the test moves.

mod ending;
mod holding;
mod planted;
mod properties;

use std::time::Duration;

use super::*;
use crate::model::CancelCause;

const FENCE: Fence = Fence {
    message: MessageId(7),
    epoch: Epoch(1),
};

const FIRST: AttemptKey = AttemptKey { task: 0, number: 1 };

/// A worker, and the moment that it is.
struct Bench {
    worker: Worker,
    now: BootMoment,
}

impl Bench {
    fn new() -> Self {
        Self {
            worker: Worker::new(SETTINGS),
            now: at(0),
        }
    }

    /// With a claim that was granted at second 0.
    fn granted(grant: Grant) -> (Self, Vec<Effect>) {
        let mut bench = Self::new();
        assert_eq!(bench.send(shown(FENCE)), [Effect::Claim(FENCE)]);
        let reply = ClaimReply::Granted(grant);
        let effects = bench.send(WorkerInput::Claimed { fence: FENCE, reply });
        (bench, effects)
    }

    /// With its first attempt running since second 0.
    fn running() -> Self {
        let (mut bench, _) = Self::granted(grant());
        let effects = bench.send(due(FIRST));
        assert!(matches!(effects[..], [Effect::Start { .. }]), "{effects:?}");
        bench
    }

    fn send(&mut self, input: WorkerInput) -> Vec<Effect> {
        self.worker.step(self.now, input)
    }

    fn at(&mut self, seconds: u64, input: WorkerInput) -> Vec<Effect> {
        self.now = at(seconds);
        self.send(input)
    }

    fn write(&mut self, write: Write, reply: Reply) -> Vec<Effect> {
        let fence = FENCE;
        self.send(WorkerInput::Written { fence, write, reply })
    }
}

fn at(seconds: u64) -> BootMoment {
    BootMoment::since_boot(Duration::from_secs(1_000 + seconds))
}

fn grant() -> Grant {
    Grant {
        lease: Lease::new(Duration::from_secs(20)),
        recorded: Sequence(0),
        losses: 0,
        on_lost: OnLost::Resume { losses: 3 },
        cancelled: None,
    }
}

fn shown(fence: Fence) -> WorkerInput {
    WorkerInput::Shown { fence, unfit: None }
}

fn due(attempt: AttemptKey) -> WorkerInput {
    let fence = FENCE;
    WorkerInput::Due { fence, attempt }
}

fn renewed(reply: Reply) -> WorkerInput {
    let fence = FENCE;
    WorkerInput::Renewed { fence, reply }
}

fn over(over: RunOver) -> WorkerInput {
    let fence = FENCE;
    WorkerInput::Over { fence, over }
}

fn journaled(upto: u64) -> WorkerInput {
    let upto = Sequence(upto);
    WorkerInput::Journaled { fence: FENCE, upto }
}

fn end(ending: Ending, cause: EndCause) -> Effect {
    Effect::End {
        fence: FENCE,
        ending,
        cause,
    }
}

fn until(terminate: u64, kill: u64) -> Deadline {
    Deadline {
        terminate_at: at(terminate),
        kill_at: at(kill),
    }
}

const GONE: WorkerInput = WorkerInput::Gone { fence: FENCE };

const OPERATOR: CancelCause = CancelCause::Operator;

const INTERRUPTED: RunOver = RunOver::Interrupted { lost_attempt: true };

const FINISH: Write = Write::Finish(Verdict::OfTasks);

const SETTINGS: WorkerSettings = WorkerSettings {
    capacity: 2,
    drain_timeout: Some(Duration::from_secs(60)),
};

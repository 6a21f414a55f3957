//! What holds whatever happens, cancel and drain included: random inputs, sensible or not.

use proptest::prelude::*;

use super::*;

/// What a random shell does next; numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
enum Chance {
    Wait(u64),
    Show(i64),
    Answer(usize, u8),
    Due,
    Gone,
    Deliver,
    Journal(u64),
    Over(bool),
    Cancel(i64),
    Signal,
}

fn chance() -> impl Strategy<Value = Chance> {
    prop_oneof![
        4 => (0_u64..8).prop_map(Chance::Wait),
        3 => (0_i64..3).prop_map(Chance::Show),
        8 => (any::<usize>(), 0_u8..7).prop_map(|(which, reply)| Chance::Answer(which, reply)),
        3 => Just(Chance::Due),
        2 => Just(Chance::Gone),
        1 => Just(Chance::Deliver),
        2 => (0_u64..6).prop_map(Chance::Journal),
        1 => any::<bool>().prop_map(Chance::Over),
        1 => (0_i64..3).prop_map(Chance::Cancel),
        1 => Just(Chance::Signal),
    ]
}

/// A shell that does as it is told, and remembers.
#[derive(Default)]
struct Shell {
    asked: Vec<Effect>,
    begun: Vec<Fence>,
    stopped: Vec<Fence>,
    /// Those that are not renewed any more; what cannot be recorded is kept until it is given back.
    let_go: Vec<Fence>,
    closed: Vec<Fence>,
    epoch: i32,
    is_draining: bool,
}

impl Shell {
    fn follow(&mut self, now: BootMoment, effects: &[Effect]) {
        for effect in effects {
            let fence = match *effect {
                Effect::Claim(fence) => {
                    assert!(!self.is_draining, "it claims while it drains");
                    self.ask(*effect);
                    fence
                }
                Effect::Renew(fence) => {
                    assert!(!self.let_go.contains(&fence), "it renews what it has given up");
                    self.ask(*effect);
                    fence
                }
                Effect::Write(fence, _) => {
                    self.ask(*effect);
                    fence
                }
                Effect::Begin { fence, .. } => {
                    assert!(!self.begun.contains(&fence), "it begins twice");
                    self.begun.push(fence);
                    fence
                }
                Effect::Start { fence, until, .. } => {
                    assert!(self.begun.contains(&fence) && !self.stopped.contains(&fence));
                    assert!(now < until.terminate_at, "it starts what must be ended at once");
                    fence
                }
                Effect::End { fence, cause, .. } => {
                    if !matches!(cause, EndCause::Cancelled(_)) {
                        self.stopped.push(fence);
                    }
                    if matches!(cause, EndCause::LeaseRunsOut | EndCause::Fenced) {
                        self.let_go.push(fence);
                    }
                    fence
                }
                Effect::Close(fence, _) => {
                    assert!(!self.closed.contains(&fence), "it closes twice");
                    self.closed.push(fence);
                    continue;
                }
                Effect::Extend { fence, .. } => fence,
                _ => continue,
            };
            assert!(
                !self.closed.contains(&fence),
                "{effect:?} after its claim was closed"
            );
        }
    }

    /// One question of a kind at a time.
    fn ask(&mut self, effect: Effect) {
        let is_alike = |other: &Effect| match (*other, effect) {
            (Effect::Claim(a), Effect::Claim(b)) | (Effect::Renew(a), Effect::Renew(b)) => a == b,
            (Effect::Write(a, _), Effect::Write(b, _)) => a == b,
            _ => false,
        };
        assert!(!self.asked.iter().any(is_alike), "{effect:?} is asked twice");
        self.asked.push(effect);
    }

    fn input(&mut self, chance: Chance) -> Option<WorkerInput> {
        let fence = self.begun.last().copied();
        Some(match chance {
            Chance::Wait(_) => WorkerInput::Tick,
            Chance::Show(message) => {
                self.epoch += 1;
                shown(Fence {
                    message: MessageId(message),
                    epoch: Epoch(self.epoch),
                })
            }
            Chance::Answer(which, reply) => {
                let which = which.checked_rem(self.asked.len())?;
                answer(self.asked.swap_remove(which), reply)
            }
            Chance::Due => WorkerInput::Due {
                fence: fence?,
                attempt: FIRST,
            },
            Chance::Gone => WorkerInput::Gone { fence: fence? },
            Chance::Deliver => WorkerInput::DeliveryDue {
                fence: fence?,
                task: 0,
            },
            Chance::Journal(upto) => WorkerInput::Journaled {
                fence: fence?,
                upto: Sequence(upto),
            },
            Chance::Over(is_complete) => WorkerInput::Over {
                fence: fence?,
                over: if is_complete {
                    RunOver::Complete
                } else {
                    INTERRUPTED
                },
            },
            Chance::Cancel(message) => WorkerInput::Cancel {
                message: MessageId(message),
                cause: OPERATOR,
            },
            Chance::Signal => {
                self.is_draining = true;
                let cause = CancelCause::Terminate;
                WorkerInput::Signal { cause }
            }
        })
    }
}

fn answer(asked: Effect, reply: u8) -> WorkerInput {
    let plain = match reply {
        0..=3 => Reply::Stored,
        4 => Reply::Lost,
        5 => Reply::Fenced,
        _ => Reply::Refused,
    };
    match asked {
        Effect::Renew(fence) => WorkerInput::Renewed { fence, reply: plain },
        Effect::Write(fence, write) => WorkerInput::Written {
            fence,
            write,
            reply: plain,
        },
        Effect::Claim(fence) => WorkerInput::Claimed {
            fence,
            reply: match plain {
                Reply::Stored => ClaimReply::Granted(grant()),
                Reply::Lost => ClaimReply::Lost,
                Reply::Fenced | Reply::Refused => ClaimReply::Refused,
            },
        },
        _ => WorkerInput::Tick,
    }
}

proptest! {
    #[test]
    fn a_worker_keeps_within_its_rights(chances in prop::collection::vec(chance(), 0..120)) {
        let mut worker = Worker::new(SETTINGS);
        let mut shell = Shell::default();
        let mut now = at(0);
        for chance in chances {
            if let Chance::Wait(seconds) = chance {
                now = now.after(Duration::from_secs(seconds));
            }
            let Some(input) = shell.input(chance) else { continue };
            let effects = worker.step(now, input);
            shell.follow(now, &effects);
            prop_assert!(worker.busy() <= SETTINGS.capacity);
            prop_assert!(!shell.is_draining || worker.free() == 0);
        }
        // And whatever it was, it drains when every question is answered and every run over.
        now = now.after(Duration::from_secs(3_600));
        let effects = worker.step(now, WorkerInput::Signal { cause: CancelCause::Terminate });
        shell.is_draining = true;
        shell.follow(now, &effects);
        for fence in shell.begun.clone() {
            let effects = worker.step(now, WorkerInput::Over { fence, over: INTERRUPTED });
            shell.follow(now, &effects);
        }
        for _ in 0..20 {
            let Some(asked) = shell.asked.pop() else { break };
            let effects = worker.step(now, answer(asked, 0));
            shell.follow(now, &effects);
        }
        prop_assert!(worker.is_drained(), "{worker:?}");
    }
}

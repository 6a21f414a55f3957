//! What people want: cancel and drain; and what is left to others.

use super::*;

#[test]
fn messages_that_are_not_for_this_worker_are_left() {
    let mut bench = Bench::new();
    let leave = |fence, pause, cause| Effect::Leave {
        fence,
        pause: Duration::from_secs(pause),
        cause,
    };
    let unfit = Some(Unfit::NewerPlan);
    let newer = LeaveCause::Unfit(Unfit::NewerPlan);
    assert_eq!(
        bench.send(WorkerInput::Shown { fence: FENCE, unfit }),
        [leave(FENCE, 5, newer)]
    );
    let other = |message| Fence {
        message: MessageId(message),
        ..FENCE
    };
    for message in [1, 2] {
        assert_eq!(bench.send(shown(other(message))), [Effect::Claim(other(message))]);
    }
    assert_eq!(bench.worker.free(), 0);
    assert_eq!(
        bench.send(shown(other(3))),
        [leave(other(3), 0, LeaveCause::Full)]
    );
    let again = Fence {
        epoch: Epoch(2),
        ..other(1)
    };
    assert_eq!(bench.send(shown(again)), [], "it is in hand already");
    let refused = ClaimReply::Refused;
    let close = Effect::Close(other(1), CloseCause::Refused);
    assert_eq!(
        bench.send(WorkerInput::Claimed {
            fence: other(1),
            reply: refused
        }),
        [close]
    );
    assert_eq!(bench.worker.free(), 1);
}

#[test]
fn a_cancelled_run_is_ended_once_and_records_its_own_end() {
    let mut bench = Bench::running();
    let cancel = WorkerInput::Cancel {
        message: FENCE.message,
        cause: OPERATOR,
    };
    let terminate = end(Ending::Terminate, EndCause::Cancelled(OPERATOR));
    assert_eq!(bench.send(cancel), [terminate]);
    assert_eq!(bench.send(cancel), [], "the second request would be a kill");
    bench.send(GONE);
    let record = Write::Record(Sequence(2));
    assert_eq!(bench.send(journaled(2)), [Effect::Write(FENCE, record)]);
    bench.send(over(RunOver::Complete));
    assert_eq!(bench.write(record, Reply::Stored), [Effect::Write(FENCE, FINISH)]);

    let cancelled = Grant {
        cancelled: Some(OPERATOR),
        ..grant()
    };
    let (_, effects) = Bench::granted(cancelled);
    assert_eq!(effects.last(), Some(&terminate), "{effects:?}");
}

#[test]
fn draining_takes_no_more_then_cancels_then_kills() {
    let signal = || WorkerInput::Signal {
        cause: CancelCause::Terminate,
    };
    let cause = EndCause::Cancelled(CancelCause::Terminate);
    let mut bench = Bench::running();
    assert_eq!(bench.send(signal()), []);
    assert_eq!((bench.worker.free(), bench.worker.is_drained()), (0, false));
    let other = Fence {
        message: MessageId(8),
        ..FENCE
    };
    let left = bench.send(shown(other));
    assert!(matches!(
        left[..],
        [Effect::Leave {
            cause: LeaveCause::Draining,
            ..
        }]
    ));
    assert_eq!(bench.send(signal()), [end(Ending::Terminate, cause)]);
    assert_eq!(bench.send(signal()), [end(Ending::Kill, cause)]);
    assert_eq!(bench.send(signal()), []);
    bench.send(GONE);
    bench.send(over(RunOver::Complete));
    bench.write(FINISH, Reply::Stored);
    assert!(bench.worker.is_drained());
}

#[test]
fn a_drain_that_takes_too_long_cancels() {
    let mut bench = Bench::running();
    let signal = WorkerInput::Signal {
        cause: CancelCause::Terminate,
    };
    bench.send(signal);
    for second in (5..60).step_by(5) {
        bench.at(second, WorkerInput::Tick);
        bench.send(renewed(Reply::Stored));
    }
    let effects = bench.at(60, WorkerInput::Tick);
    let cause = EndCause::Cancelled(CancelCause::Terminate);
    assert_eq!(effects, [end(Ending::Terminate, cause), Effect::Renew(FENCE)]);
}

#[test]
fn a_claim_that_is_granted_while_draining_is_given_back_unbegun() {
    let mut bench = Bench::new();
    bench.send(shown(FENCE));
    let cause = CancelCause::Terminate;
    bench.send(WorkerInput::Signal { cause });
    let reply = ClaimReply::Granted(grant());
    let release = Effect::Write(FENCE, Write::Release { lost_attempt: false });
    assert_eq!(
        bench.send(WorkerInput::Claimed { fence: FENCE, reply }),
        [release]
    );
    let close = Effect::Close(FENCE, CloseCause::Released);
    assert_eq!(
        bench.write(Write::Release { lost_attempt: false }, Reply::Stored),
        [close]
    );
    assert!(bench.worker.is_drained());

    let mut asking = Bench::new();
    asking.send(shown(FENCE));
    let reply = ClaimReply::Lost;
    asking.send(WorkerInput::Claimed { fence: FENCE, reply });
    let close = Effect::Close(FENCE, CloseCause::Refused);
    assert_eq!(asking.send(WorkerInput::Signal { cause }), [close]);
    assert!(asking.worker.is_drained());
}

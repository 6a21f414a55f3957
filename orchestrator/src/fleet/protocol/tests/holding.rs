//! A claim from its grant to its close, and what breaks it: lost answers, a lease that runs out,
//! a fence that falls.

use super::*;

#[test]
fn a_run_goes_from_the_queue_to_its_recorded_end() {
    let (mut bench, effects) = Bench::granted(grant());
    let recorded = Sequence(0);
    assert_eq!(
        effects,
        [Effect::Begin {
            fence: FENCE,
            recorded
        }]
    );
    let start = Effect::Start {
        fence: FENCE,
        attempt: FIRST,
        until: until(12, 15),
    };
    assert_eq!(bench.send(due(FIRST)), [start]);
    assert_eq!(bench.send(GONE), []);
    let delivery = WorkerInput::DeliveryDue {
        fence: FENCE,
        task: 0,
    };
    assert_eq!(bench.send(delivery), [Effect::Write(FENCE, Write::Deliver(0))]);
    assert_eq!(bench.write(Write::Deliver(0), Reply::Stored), []);
    let record = Write::Record(Sequence(4));
    assert_eq!(bench.send(journaled(4)), [Effect::Write(FENCE, record)]);
    assert_eq!(
        bench.send(over(RunOver::Complete)),
        [],
        "first what happened, then the end"
    );
    assert_eq!(bench.write(record, Reply::Stored), [Effect::Write(FENCE, FINISH)]);
    let close = Effect::Close(FENCE, CloseCause::Finished);
    assert_eq!(bench.write(FINISH, Reply::Stored), [close]);
    assert_eq!((bench.worker.busy(), bench.worker.wake_at()), (0, None));
}

#[test]
fn the_next_collector_waits_for_the_record_of_the_last() {
    let mut bench = Bench::running();
    bench.send(GONE);
    let record = Write::Record(Sequence(1));
    assert_eq!(bench.send(journaled(1)), [Effect::Write(FENCE, record)]);
    let next = AttemptKey { task: 1, number: 1 };
    assert_eq!(bench.send(due(next)), []);
    assert_eq!(bench.write(record, Reply::Lost), []);
    assert_eq!(bench.worker.wake_at(), Some(at(1)));
    assert_eq!(bench.at(1, WorkerInput::Tick), [Effect::Write(FENCE, record)]);
    let effects = bench.write(record, Reply::Stored);
    assert!(
        matches!(effects[..], [Effect::Start { attempt, .. }] if attempt == next),
        "{effects:?}"
    );
}

#[test]
fn renewals_go_out_every_quarter_and_move_the_deadline_from_when_they_were_sent() {
    let mut bench = Bench::running();
    assert_eq!(bench.worker.wake_at(), Some(at(5)));
    assert_eq!(bench.at(5, WorkerInput::Tick), [Effect::Renew(FENCE)]);
    assert_eq!(bench.worker.wake_at(), Some(at(12)), "one at a time");
    bench.now = at(8);
    let extend = Effect::Extend {
        fence: FENCE,
        until: until(17, 20),
    };
    assert_eq!(bench.send(renewed(Reply::Stored)), [extend]);
    assert_eq!(bench.worker.wake_at(), Some(at(10)));
}

#[test]
fn an_unanswered_renewal_is_sent_again_until_the_lease_runs_out() {
    let mut bench = Bench::running();
    for second in 5..12 {
        assert_eq!(
            bench.at(second, WorkerInput::Tick),
            [Effect::Renew(FENCE)],
            "{second}"
        );
        assert_eq!(bench.send(renewed(Reply::Lost)), []);
    }
    let terminate = end(Ending::Terminate, EndCause::LeaseRunsOut);
    assert_eq!(bench.at(12, WorkerInput::Tick), [terminate]);
    assert_eq!(bench.worker.wake_at(), Some(at(15)));
    assert_eq!(
        bench.at(15, WorkerInput::Tick),
        [end(Ending::Kill, EndCause::LeaseRunsOut)]
    );
    assert_eq!(bench.send(GONE), []);
    let release = Effect::Write(FENCE, Write::Release { lost_attempt: true });
    assert_eq!(bench.send(over(INTERRUPTED)), [release]);
    bench.write(Write::Release { lost_attempt: true }, Reply::Lost);
    assert_eq!(
        bench.at(100, WorkerInput::Tick),
        [Effect::Write(FENCE, Write::Release { lost_attempt: true })]
    );
    let close = Effect::Close(FENCE, CloseCause::Released);
    assert_eq!(
        bench.write(Write::Release { lost_attempt: true }, Reply::Stored),
        [close]
    );
}

#[test]
fn whoever_slept_past_the_lease_starts_nothing_and_takes_no_late_answer() {
    let mut bench = Bench::running();
    bench.at(5, WorkerInput::Tick);
    let both = [Ending::Terminate, Ending::Kill].map(|ending| end(ending, EndCause::LeaseRunsOut));
    assert_eq!(bench.at(60, renewed(Reply::Stored)), both);
    assert_eq!(bench.send(due(FIRST)), []);

    let mut asleep = Bench::new();
    asleep.send(shown(FENCE));
    let reply = ClaimReply::Granted(grant());
    let effects = asleep.at(13, WorkerInput::Claimed { fence: FENCE, reply });
    assert_eq!(
        effects,
        [Effect::Write(FENCE, Write::Release { lost_attempt: false })],
        "unbegun"
    );
}

#[test]
fn a_fallen_fence_ends_what_runs_at_once_and_writes_no_more() {
    let mut bench = Bench::running();
    bench.send(GONE);
    bench.send(due(AttemptKey { task: 0, number: 2 }));
    bench.at(5, WorkerInput::Tick);
    let kill = end(Ending::Kill, EndCause::Fenced);
    assert_eq!(bench.send(renewed(Reply::Fenced)), [kill]);
    assert_eq!(bench.send(journaled(9)), []);
    assert_eq!((bench.worker.wake_at(), bench.worker.busy()), (None, 1));
    let close = Effect::Close(FENCE, CloseCause::Fenced);
    assert_eq!(bench.send(over(INTERRUPTED)), [close]);
}

#[test]
fn a_finish_is_retried_past_the_lease_until_it_is_stored_or_fenced() {
    for (reply, cause) in [
        (Reply::Stored, CloseCause::Finished),
        (Reply::Fenced, CloseCause::Fenced),
    ] {
        let mut bench = Bench::running();
        bench.send(GONE);
        assert_eq!(
            bench.send(over(RunOver::Complete)),
            [Effect::Write(FENCE, FINISH)]
        );
        for second in [1, 30, 500] {
            assert_eq!(bench.write(FINISH, Reply::Lost), []);
            let effects = bench.at(second, WorkerInput::Tick);
            assert!(effects.contains(&Effect::Write(FENCE, FINISH)), "{effects:?}");
            let ends = effects.iter().any(|effect| matches!(effect, Effect::End { .. }));
            assert!(!ends, "nothing is left to end: {effects:?}");
        }
        assert_eq!(bench.write(FINISH, reply), [Effect::Close(FENCE, cause)]);
    }
}

#[test]
fn the_end_of_a_run_takes_the_rest_of_its_journal_along() {
    let mut bench = Bench::running();
    bench.send(GONE);
    let record = Write::Record(Sequence(2));
    assert_eq!(bench.send(journaled(2)), [Effect::Write(FENCE, record)]);
    assert_eq!(bench.send(journaled(3)), [], "one at a time");
    assert_eq!(bench.send(over(RunOver::Complete)), []);
    assert_eq!(bench.write(record, Reply::Stored), [Effect::Write(FENCE, FINISH)]);
}

#[test]
fn a_record_that_is_refused_ends_what_runs_and_gives_the_run_back() {
    let mut bench = Bench::running();
    let record = Write::Record(Sequence(2));
    assert_eq!(bench.send(journaled(2)), [Effect::Write(FENCE, record)]);
    let terminate = end(Ending::Terminate, EndCause::Unwritable);
    assert_eq!(bench.write(record, Reply::Refused), [terminate]);
    assert_eq!(bench.send(due(FIRST)), []);
    assert_eq!(bench.send(journaled(5)), [], "nothing counts any more");
    bench.send(GONE);
    let release = Write::Release { lost_attempt: true };
    assert_eq!(
        bench.send(over(RunOver::Complete)),
        [Effect::Write(FENCE, release)]
    );
    let close = Effect::Close(FENCE, CloseCause::Unwritable);
    assert_eq!(bench.write(release, Reply::Refused), [close]);

    // The last write of all is refused: its attempt is over by then.
    let mut ending = Bench::running();
    ending.send(GONE);
    ending.send(over(RunOver::Complete));
    assert_eq!(
        ending.write(FINISH, Reply::Refused),
        [Effect::Write(FENCE, release)]
    );
}

#[test]
fn a_delivery_that_is_refused_is_not_waited_for() {
    let mut bench = Bench::running();
    bench.send(GONE);
    let (fence, task) = (FENCE, 0);
    bench.send(WorkerInput::DeliveryDue { fence, task });
    assert_eq!(bench.write(Write::Deliver(0), Reply::Refused), []);
    let record = Write::Record(Sequence(2));
    assert_eq!(bench.send(journaled(2)), [Effect::Write(FENCE, record)]);
}

#[test]
fn a_renewal_that_our_own_finish_overtook_does_not_count_as_fenced() {
    let mut bench = Bench::running();
    bench.at(5, WorkerInput::Tick);
    bench.send(GONE);
    bench.send(over(RunOver::Complete));
    assert_eq!(bench.send(renewed(Reply::Fenced)), []);
    let close = Effect::Close(FENCE, CloseCause::Finished);
    assert_eq!(bench.write(FINISH, Reply::Stored), [close]);
}

#[test]
fn a_run_is_resumed_behind_what_is_recorded_or_given_up() {
    let recorded = Sequence(6);
    let lost = |losses, on_lost| Grant {
        recorded,
        losses,
        on_lost,
        ..grant()
    };
    let (_, effects) = Bench::granted(lost(3, OnLost::Resume { losses: 3 }));
    assert_eq!(
        effects,
        [Effect::Begin {
            fence: FENCE,
            recorded
        }]
    );
    let (_, effects) = Bench::granted(lost(0, OnLost::Fail));
    assert_eq!(
        effects,
        [Effect::Begin {
            fence: FENCE,
            recorded
        }]
    );
    let given_up = [Effect::Write(FENCE, Write::Finish(Verdict::Lost))];
    for grant in [lost(4, OnLost::Resume { losses: 3 }), lost(1, OnLost::Fail)] {
        assert_eq!(Bench::granted(grant).1, given_up);
    }
}

#[test]
fn a_claim_whose_answer_was_lost_is_asked_for_again_and_counts_from_the_later_question() {
    let mut bench = Bench::new();
    bench.send(shown(FENCE));
    let lost = ClaimReply::Lost;
    assert_eq!(
        bench.send(WorkerInput::Claimed {
            fence: FENCE,
            reply: lost
        }),
        []
    );
    assert_eq!(bench.worker.wake_at(), Some(at(1)));
    assert_eq!(bench.at(2, WorkerInput::Tick), [Effect::Claim(FENCE)]);
    let reply = ClaimReply::Granted(grant());
    bench.at(3, WorkerInput::Claimed { fence: FENCE, reply });
    let effects = bench.send(due(FIRST));
    assert!(
        matches!(effects[..], [Effect::Start { until: given, .. }] if given == until(14, 17)),
        "{effects:?}"
    );
}

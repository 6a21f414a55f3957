//! That each error that the model check is to find is really there.

use super::super::flaw::Flaw;
use super::*;

/// A script in which every planted error has something to spoil, and what the worker says to it.
fn follow_script(worker: Worker) -> Vec<Vec<Effect>> {
    let mut bench = Bench { worker, now: at(0) };
    let recorded = Grant {
        recorded: Sequence(1),
        ..grant()
    };
    let record = Write::Record(Sequence(2));
    let written = |write, reply| {
        let fence = FENCE;
        WorkerInput::Written { fence, write, reply }
    };
    let script = [
        (0, shown(FENCE)),
        (
            0,
            WorkerInput::Claimed {
                fence: FENCE,
                reply: ClaimReply::Granted(recorded),
            },
        ),
        (0, due(FIRST)),
        (5, WorkerInput::Tick),
        (6, renewed(Reply::Stored)),
        (7, GONE),
        (7, journaled(2)),
        (7, due(AttemptKey { task: 1, number: 1 })),
        (8, written(record, Reply::Lost)),
        (9, WorkerInput::Tick),
        (9, written(record, Reply::Stored)),
        (9, GONE),
        (9, over(RunOver::Complete)),
        (9, written(FINISH, Reply::Stored)),
    ];
    script
        .into_iter()
        .map(|(second, input)| bench.at(second, input))
        .collect()
}

#[test]
fn every_planted_error_changes_what_a_worker_does() {
    let sound = follow_script(Worker::new(SETTINGS));
    assert_eq!(
        sound.last(),
        Some(&vec![Effect::Close(FENCE, CloseCause::Finished)])
    );
    for flaw in Flaw::ALL {
        assert_ne!(follow_script(Worker::flawed(SETTINGS, flaw)), sound, "{flaw:?}");
    }
}

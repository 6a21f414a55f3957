//! Why a run waits, given all workers: said to people. Pure.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::RunId;
use crate::store::fleet::fit::lack_of;
use crate::store::fleet::waiting::WaitingRun;
use crate::store::fleet::workers::WorkerLine;

/// Why a run waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitReason {
    /// Its group is paused.
    Paused,
    /// Another run of the entry goes first.
    Behind {
        /// Which.
        run: RunId,
        /// Who has it, if anybody.
        worker: Option<String>,
    },
    /// Nobody takes runs.
    NoWorker,
    /// Nobody who takes runs may have it, for the same reason or for several.
    Unfit(String),
    /// Those who may have it have no room, so many of them.
    Busy(usize),
    /// Somebody is about to take it.
    Soon,
}

impl WaitReason {
    /// Whether it waits for ever, unless somebody does something.
    pub fn is_stuck(&self) -> bool {
        matches!(self, Self::NoWorker | Self::Unfit(_))
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str("its group is paused"),
            Self::Behind {
                run,
                worker: Some(worker),
            } => write!(f, "run {run} goes on, on worker {worker}"),
            Self::Behind { run, worker: None } => write!(f, "run {run} goes first"),
            Self::NoWorker => f.write_str("there is no worker"),
            Self::Unfit(why) => write!(f, "no worker that is there may have it: {why}"),
            Self::Busy(1) => f.write_str("the only worker that may have it is busy"),
            Self::Busy(count) => write!(f, "the {count} workers that may have it are busy"),
            Self::Soon => f.write_str("a worker is about to take it"),
        }
    }
}

/// Why a run waits, given all workers.
pub fn why_it_waits(run: &WaitingRun, workers: &[WorkerLine]) -> WaitReason {
    if run.paused {
        return WaitReason::Paused;
    }
    if let Some((other, worker)) = &run.behind {
        return WaitReason::Behind {
            run: other.clone(),
            worker: worker.clone(),
        };
    }
    let there: Vec<&WorkerLine> = workers.iter().filter(|worker| worker.is_there()).collect();
    if there.is_empty() {
        return WaitReason::NoWorker;
    }
    let (mut fit, mut whys) = (Vec::new(), BTreeSet::new());
    for worker in there {
        match lack_of(&worker.labels, worker.offer.as_ref(), run) {
            None => fit.push(worker),
            Some(why) => {
                whys.insert(why);
            }
        }
    }
    if fit.is_empty() {
        return WaitReason::Unfit(whys.into_iter().collect::<Vec<_>>().join("; "));
    }
    let has_room = |worker: &&WorkerLine| {
        u64::try_from(worker.running.len()).is_ok_and(|running| running < worker.capacity)
    };
    match fit.iter().any(has_room) {
        true => WaitReason::Soon,
        false => WaitReason::Busy(fit.len()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::fleet::fit::{WorkerOffer, left_by};
    use crate::store::fleet::workers::WorkerState;

    fn worker(name: &str, labels: &[&str], running: usize) -> WorkerLine {
        WorkerLine {
            worker: name.into(),
            host: "h".into(),
            version: "1".into(),
            state: WorkerState::Working,
            capacity: 1,
            running: (0..running).map(|_| RunId::new("other")).collect(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            lacks: Vec::new(),
            seen_at: Timestamp::UNIX_EPOCH,
            clock_skew_ms: None,
            lacks_commands: Vec::new(),
            leaves: Vec::new(),
            offer: Some(WorkerOffer {
                secrets: vec!["TOKEN".into()],
                plan_version: 1,
                lacks_commands: vec!["run_b".into()],
            }),
        }
    }

    fn waiting() -> WaitingRun {
        WaitingRun {
            run: RunId::new("r"),
            schedule: "default".into(),
            group: Some("g".into()),
            queued_at: Timestamp::UNIX_EPOCH,
            tasks: Vec::new(),
            labels: Vec::new(),
            secrets: Vec::new(),
            commands: vec!["run_a".into()],
            version: 1,
            paused: false,
            behind: None,
        }
    }

    fn why(run: &WaitingRun, workers: &[WorkerLine]) -> String {
        why_it_waits(run, workers).to_string()
    }

    #[test]
    fn a_run_waits_for_what_comes_first() {
        let idle = [worker("w", &[], 0)];
        assert_eq!(why(&waiting(), &idle), "a worker is about to take it");
        assert_eq!(why(&waiting(), &[]), "there is no worker");
        let gone = WorkerLine {
            state: WorkerState::Gone,
            ..worker("w", &[], 0)
        };
        assert_eq!(why(&waiting(), &[gone]), "there is no worker");
        let busy = [worker("w", &[], 1)];
        assert_eq!(why(&waiting(), &busy), "the only worker that may have it is busy");
        let behind = WaitingRun {
            behind: Some((RunId::new("o"), Some("w".into()))),
            ..waiting()
        };
        assert_eq!(why(&behind, &[]), "run o goes on, on worker w");
        let paused = WaitingRun {
            paused: true,
            ..behind
        };
        assert_eq!(why(&paused, &idle), "its group is paused");
    }

    #[test]
    fn a_run_that_nobody_may_have_says_what_is_lacking_and_so_does_each_worker() {
        let workers = [worker("w", &["eu"], 0), worker("v", &["eu"], 1)];
        let labelled = WaitingRun {
            labels: vec!["eu".into(), "gpu".into()],
            ..waiting()
        };
        let reason = why_it_waits(&labelled, &workers);
        assert!(reason.is_stuck());
        assert_eq!(
            reason.to_string(),
            "no worker that is there may have it: it runs on gpu"
        );
        let secret = WaitingRun {
            secrets: vec!["TOKEN".into(), "OTHER".into()],
            ..waiting()
        };
        let newer = WaitingRun {
            version: 2,
            ..waiting()
        };
        let lacked = WaitingRun {
            commands: vec!["run_a".into(), "run_b".into()],
            ..waiting()
        };
        let left = left_by(
            &workers[0].labels,
            workers[0].offer.as_ref(),
            &[labelled, waiting(), secret, newer, lacked],
        );
        let whys: Vec<&str> = left.iter().map(|left| left.why.as_str()).collect();
        assert_eq!(
            whys,
            [
                "it runs on gpu",
                "it needs a value for the secret OTHER",
                "its plan has version 2, and version 1 is the newest that is known",
                "nothing can be executed there for its collector run_b"
            ]
        );
        // One of an earlier version.
        let needs = WaitingRun {
            secrets: vec!["OTHER".into()],
            ..waiting()
        };
        assert_eq!(left_by(&[], None, &[needs]), []);
    }
}

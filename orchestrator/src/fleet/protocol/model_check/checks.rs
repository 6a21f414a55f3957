//! What must hold, and the checks.

use std::time::Instant;

use stateright::{Checker, DiscoveryClassification, HasDiscoveries, Model, Path, Property, UniformChooser};

use super::super::flaw::Flaw;
use super::super::worker::{Worker, WorkerSettings};
use super::database::ModelRun;
use super::moves::Move;
use super::tree::Tree;
use super::world::{Broken, Faults, World};
use super::{LEASE, RUNS, TASKS, now};

const ONE_AT_A_TIME: &str = "one attempt of the entry at a time";
const NOT_AGAIN: &str = "no collector is run again whose end or delivery is recorded";
const NOT_AFTER_END: &str = "no collector is run of a run that has ended";
const NOT_TOO_EARLY: &str = "no collector is run before the end of the one before it is recorded";
const NOT_MISTAKEN: &str = "no worker is mistaken about how its claim ended";
const ENDS_ONCE: &str = "no run ends twice";
/// Counted from the last fault and the last thing recorded, while no collector runs; one lease
/// for what a worker held, and one for a renewal of its that was carried out late.
const NO_LONG_WAIT: &str = "nothing waits for longer than two leases";
/// With the one before, and since every path is finite but for collectors that run on, each
/// run ends.
const ALL_GETS_DONE: &str = "nothing stops before every run has ended and nothing is left";

struct Fleet {
    worker: Worker,
    faults: Faults,
}

pub(super) const SETTINGS: WorkerSettings = WorkerSettings {
    capacity: RUNS,
    drain_timeout: None,
};

impl Model for Fleet {
    type State = World;
    type Action = Move;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.worker, self.faults)]
    }

    fn actions(&self, world: &World, moves: &mut Vec<Move>) {
        world.moves(moves);
    }

    fn next_state(&self, world: &World, step: Move) -> Option<World> {
        world.after(step, &self.worker)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_AT_A_TIME, |_, world: &World| {
                world.trees.iter().filter(|tree| tree.is_alive()).count() <= 1
            }),
            Property::always(NOT_AGAIN, |_, world: &World| {
                world.broken != Some(Broken::RunAgain)
            }),
            Property::always(NOT_AFTER_END, |_, world: &World| {
                world.broken != Some(Broken::AfterEnd)
            }),
            Property::always(NOT_TOO_EARLY, |_, world: &World| {
                world.broken != Some(Broken::TooEarly)
            }),
            Property::always(NOT_MISTAKEN, |_, world: &World| {
                world.broken != Some(Broken::Misreported)
            }),
            Property::always(ENDS_ONCE, |_, world: &World| {
                world.database.runs.iter().flatten().all(|run| run.ends <= 1)
            }),
            Property::always(NO_LONG_WAIT, |_, world: &World| world.idle <= 2 * LEASE),
            Property::always(ALL_GETS_DONE, |_, world: &World| {
                let mut moves = Vec::new();
                world.moves(&mut moves);
                !moves.is_empty() || world.is_done()
            }),
            // Of what is explored, so that no promise is kept for want of an occasion.
            Property::sometimes("a lost run is resumed and completed", |_, world: &World| {
                let is_it = |run: &&ModelRun| run.ends == 1 && run.losses > 0 && run.recorded == TASKS;
                world.database.runs.iter().flatten().any(|run| is_it(&run))
            }),
            Property::sometimes("a lost run is given up", |_, world: &World| {
                let is_it = |run: &&ModelRun| run.ends == 1 && run.recorded < TASKS;
                world.database.runs.iter().flatten().any(|run| is_it(&run))
            }),
            Property::sometimes(
                "a lease runs out under a running collector",
                |_, world: &World| {
                    let is_it =
                        |tree: &Tree| tree.is_alive() && !tree.is_orphan && tree.until.terminate_at <= now();
                    world.trees.iter().any(is_it)
                },
            ),
            Property::sometimes(
                "two workers believe that they have the run",
                |_, world: &World| world.nodes.iter().all(|node| node.desks[0].engine.is_some()),
            ),
        ]
    }
}

/// Every kind of fault at most twice, together of this weight.
pub(super) fn faults(weight: u8) -> Faults {
    Faults {
        kills: 2,
        stalls: 2,
        losses: 2,
        shows: 2,
        clocks: 2,
        weight,
    }
}

fn sound(weight: u8) -> Fleet {
    Fleet {
        worker: Worker::new(SETTINGS),
        faults: faults(weight),
    }
}

/// The longest combination of faults that is explored whole; more are in reach of whoever has
/// the time and the memory: each one more takes some twenty times of both.
fn weight() -> u8 {
    let given = std::env::var("ORCHESTRATE_TEST_FAULTS").ok();
    given.and_then(|weight| weight.parse().ok()).unwrap_or(2)
}

#[test]
fn every_order_of_events_keeps_the_promises() {
    let begun = Instant::now();
    let weight = weight();
    let checker = sound(weight).checker().threads(2).symmetry().spawn_dfs().join();
    println!(
        "faults of weight {weight}: {} distinct states of {} reached, {} moves deep, in {:.1?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        begun.elapsed(),
    );
    assert!(checker.is_done());
    checker.assert_properties();
    assert!(weight < 2 || checker.unique_state_count() > 100_000);
}

#[test]
fn walks_at_random_with_every_fault_twice_keep_them_too() {
    let seed = 20_261_130;
    let checker = sound(12)
        .checker()
        .target_state_count(300_000)
        .spawn_simulation(seed, UniformChooser)
        .join();
    println!(
        "seed {seed}: {} states, {} moves deep",
        checker.state_count(),
        checker.max_depth()
    );
    checker.assert_properties();
}

/// Promises that were seen broken, and how it came to that.
fn broken(checker: &impl Checker<Fleet>) -> Vec<(&'static str, Path<World, Move>)> {
    let is_broken = |name: &&str| {
        let classification = checker.discovery_classification(name);
        matches!(classification, DiscoveryClassification::Counterexample)
    };
    let found = checker.discoveries().into_iter();
    found.filter(|(name, _)| is_broken(name)).collect()
}

/// Each error, the weight of the faults that bring it to light, and the promises of which one
/// is then seen broken, by the shortest way there is.
const FOUND: [(Flaw, u8, &[&str]); 7] = [
    (Flaw::UnfencedFinish, 2, &[ENDS_ONCE, NOT_MISTAKEN]),
    (Flaw::RenewAfterFence, 2, &[ONE_AT_A_TIME]),
    (Flaw::DeleteBeforeFinish, 1, &[ALL_GETS_DONE]),
    (Flaw::NoSelfFence, 2, &[ONE_AT_A_TIME]),
    (Flaw::ResumeFromStart, 1, &[NOT_AGAIN]),
    (Flaw::StartBeforeRecord, 0, &[NOT_TOO_EARLY]),
    (Flaw::LostMeansStored, 1, &[NOT_TOO_EARLY, NOT_MISTAKEN]),
];

#[test]
fn every_planted_error_is_found() {
    for (flaw, weight, promises) in FOUND {
        let fleet = Fleet {
            worker: Worker::flawed(SETTINGS, flaw),
            faults: faults(weight),
        };
        let checker = fleet
            .checker()
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join();
        let found = broken(&checker);
        assert!(!found.is_empty(), "{flaw:?} is not found");
        for (promise, path) in found {
            println!("{flaw:?} breaks the promise: {promise}");
            for step in path.into_actions() {
                println!("    {step:?}");
            }
            assert!(promises.contains(&promise), "{flaw:?}: {promise}");
        }
    }
}

//! The model check: the orders in which two beats, two workers, their supervisors and the
//! database can act on two runs of two tasks, with faults in between. The workers are
//! [`super::Worker`] itself; the database is what the protocol is promised, and nothing more.
//!
//! What makes it small enough, and why that hides nothing:
//!
//! * Time comes in ticks, eight to a lease, and clocks stand still while what is remembered
//!   grows older: moments from which the same follows are one state.
//! * Who is awake does what it has to do before the next tick. Everything slower is a stall, a
//!   fault, which may begin between any two moves and end after any time.
//! * An answer and what its worker makes of it are one move: until that worker acts again,
//!   nobody can see the difference. A kill, a stall or a loss between the two is a move.
//! * What an engine does between two of its questions is part of the move before.
//! * A worker that is killed begins anew at once; one that never comes back is one that does
//!   not act, and any worker may leave everything to the other one.
//! * A message that would be read only to be refused is not read.
//! * Worlds in which only the two workers, or the two beats, have changed places are one.
//! * Faults have a weight, and so much of it is explored whole; walks at random go further.
//!
//! That nothing waits for ever is three promises: nothing stops before all is done; while no
//! collector runs, something is recorded within two leases of the last fault; and how often
//! anything is recorded, or fails, is bounded. A collector that runs for ever is not the
//! protocol's.

mod apply;
mod asked;
mod checks;
mod database;
mod moves;
mod node;
mod symmetry;
mod trace;
mod tree;
mod world;

use std::time::Duration;

use super::lease::BootMoment;

const RUNS: usize = 2;
const TASKS: u8 = 2;
const BEATS: usize = 2;
const NODES: usize = 2;
/// In ticks.
const LEASE: u8 = 8;
const TICK: Duration = Duration::from_secs(1);

/// Every clock of the model stands still, and what is remembered grows older.
fn now() -> BootMoment {
    BootMoment::since_boot(Duration::from_secs(1_000))
}

//! What the database of the model is asked on a walk, and what it answers: written down, so that
//! a real one can be asked the same (`tests/fleet/replay.rs`).

use super::super::worker::Worker;
use super::asked::listen;
use super::checks::{SETTINGS, faults};
use super::world::World;

/// A walk at random to its end, by the same way for the same seed.
fn walk(seed: u64) -> Vec<String> {
    let worker = Worker::new(SETTINGS);
    let mut world = World::new(&worker, faults(12));
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut asked = Vec::new();
    for _ in 0..2_000 {
        let mut moves = Vec::new();
        world.moves(&mut moves);
        if moves.is_empty() {
            break;
        }
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let count = u64::try_from(moves.len()).unwrap();
        let step = moves[usize::try_from(random % count).unwrap()];
        let (next, lines) = listen(|| world.after(step, &worker));
        if let Some(next) = next {
            world = next;
            asked.extend(lines);
        }
    }
    asked
}

/// What a replay has to meet at least once.
const OCCASIONS: [&str; 11] = [
    "deliver 0 -> stored",
    "deliver 0 -> fenced",
    "record 1 -> stored",
    "record 1 -> fenced",
    "finish -> stored",
    "give_up -> stored",
    "release lost -> stored",
    "-> refused",
    "out_of_turn",
    "0=overdue",
    "1=overdue",
];

/// As many walks as it takes to meet every occasion; each begins with an empty database.
fn walks() -> Vec<Vec<String>> {
    let mut left: Vec<&str> = OCCASIONS.to_vec();
    let mut chosen = Vec::new();
    for seed in 1..2_000 {
        let asked = walk(seed);
        let count = left.len();
        left.retain(|occasion| !asked.iter().any(|line| line.contains(occasion)));
        if left.len() < count {
            chosen.push(asked);
        }
        if left.is_empty() {
            return chosen;
        }
    }
    panic!("no walk meets: {left:?}");
}

#[test]
fn walks_are_written_down_for_a_real_database() {
    let walks: Vec<String> = walks().iter().map(|asked| asked.join("\n")).collect();
    insta::assert_snapshot!(walks.join("\nanew\n"));
}

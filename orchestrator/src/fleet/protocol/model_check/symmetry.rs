//! Worlds that differ only in which worker, or which beat, is called the first.

use std::hash::{DefaultHasher, Hash, Hasher};

use stateright::Representative;

use super::world::World;

impl Representative for World {
    fn representative(&self) -> Self {
        let mut world = self.clone();
        world.beats.sort_unstable();
        if weight(&world, 0) > weight(&world, 1) {
            world.nodes.swap(0, 1);
            for tree in &mut world.trees {
                tree.node = 1 - tree.node;
            }
        }
        world
    }
}

/// Says which of two workers comes first: whichever, as long as it is the same one however
/// they are numbered.
fn weight(world: &World, node: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.nodes[node].hash(&mut hasher);
    for tree in world.trees.iter().filter(|tree| tree.node == node) {
        (tree.fence, tree.task, tree.until, tree.is_orphan, tree.ended).hash(&mut hasher);
    }
    hasher.finish()
}

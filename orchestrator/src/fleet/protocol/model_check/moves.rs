//! What may happen next, in the world and by its faults.

use super::node::{Ask, Phase, RequestLane};
use super::tree::Tree;
use super::world::World;
use super::{BEATS, NODES, RUNS, now};

/// Where a request is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RequestPlace {
    pub node: usize,
    pub run: usize,
    pub lane: RequestLane,
}

/// One thing that happens. Faults are those that use up one of [`super::world::Faults`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Move {
    /// A beat enqueues the run of a slot.
    Enqueue { beat: usize, run: usize },
    /// A worker reads a message.
    Show { node: usize, run: usize },
    /// The database carries a request out, and its worker is told.
    Answer(RequestPlace),
    /// The database carries out a request of a worker that stands still.
    Serve(RequestPlace),
    /// What only planted errors ask for.
    Delete { node: usize, run: usize },
    /// A start that was decided before a stall.
    Launch { node: usize, run: usize },
    /// A moment that the worker waits for has come during a stall.
    Timer { node: usize },
    /// A collector ends by itself, and well.
    Exit { tree: usize },
    /// A collector that is being ended is gone.
    Gone { tree: usize },
    /// A worker notices what ended while it stood still.
    Notice { tree: usize },
    /// A stall is over.
    Wake { node: usize },
    /// A request is carried out for which nobody waits any more.
    Stray { index: usize },
    /// Or it never is.
    StrayLost { index: usize },
    /// Time passes.
    Tick,
    /// Fault: kill -9 of a beat, which begins anew.
    KillBeat { beat: usize },
    /// Fault: kill -9 of a worker, which begins anew; where a place is named, the database has
    /// carried out that request before.
    Kill {
        node: usize,
        after: Option<RequestPlace>,
    },
    /// Fault: a worker stands still; where a place is named, between an answer and what it starts.
    Stall {
        node: usize,
        after: Option<RequestPlace>,
    },
    /// Fault: the answer does not arrive; what was asked happens first, or later, or never.
    Lose { place: RequestPlace, is_done: bool },
    /// Fault: the answer to a beat does not arrive.
    LoseEnqueue { beat: usize, run: usize },
    /// Fault: what a read brings does not arrive.
    LoseShow { run: usize },
    /// Fault: a message is visible before its time, and out of turn.
    ShowAgain { run: usize },
    /// Fault: time passes, and a machine's clock misses it.
    SlowTick { node: usize },
}

/// What a stall weighs: a worker may sleep through all that the others do, which makes many
/// times more worlds of it than of any other fault.
const STALL: u8 = 2;

impl Move {
    /// What the fault weighs.
    pub(super) fn weight(self) -> u8 {
        if matches!(self, Self::Stall { .. }) {
            STALL
        } else {
            1
        }
    }
}

impl World {
    /// Every move that is possible, in a fixed order.
    pub(super) fn moves(&self, moves: &mut Vec<Move>) {
        self.moves_of_beats(moves);
        for node in 0..NODES {
            self.moves_of_node(node, moves);
        }
        for (tree, it) in self.trees.iter().enumerate() {
            self.moves_of_tree(tree, *it, moves);
        }
        for index in 0..self.strays.len() {
            moves.extend([Move::Stray { index }, Move::StrayLost { index }]);
        }
        if self.may_tick() {
            moves.push(Move::Tick);
            if self.may_fail(self.faults.clocks) {
                let slow = (0..NODES).filter(|node| !self.nodes[*node].is_slow && self.is_in_use(*node));
                moves.extend(slow.map(|node| Move::SlowTick { node }));
            }
        }
        if self.may_fail(self.faults.shows) {
            let hidden =
                |run: &usize| self.database.messages[*run].is_some() && !self.database.is_visible(*run);
            moves.extend((0..RUNS).filter(hidden).map(|run| Move::ShowAgain { run }));
        }
    }

    fn may_fail(&self, kind: u8) -> bool {
        kind > 0 && self.faults.weight > 0
    }

    fn may_stall(&self) -> bool {
        self.faults.stalls > 0 && self.faults.weight >= STALL
    }

    fn moves_of_beats(&self, moves: &mut Vec<Move>) {
        for beat in 0..BEATS {
            // Slots come in order.
            if let Some(run) = (0..RUNS).find(|run| self.beats[beat][*run]) {
                moves.push(Move::Enqueue { beat, run });
                if self.may_fail(self.faults.losses) && self.database.runs[run].is_none() {
                    moves.push(Move::LoseEnqueue { beat, run });
                }
            }
            if self.may_fail(self.faults.kills) && self.beats[beat].contains(&false) {
                moves.push(Move::KillBeat { beat });
            }
        }
    }

    fn moves_of_node(&self, node: usize, moves: &mut Vec<Move>) {
        let it = &self.nodes[node];
        if self.may_fail(self.faults.kills) && self.is_in_use(node) {
            moves.push(Move::Kill { node, after: None });
        }
        if it.is_stalled {
            moves.push(Move::Wake { node });
        } else {
            if self.may_stall() && self.is_in_use(node) {
                moves.push(Move::Stall { node, after: None });
            }
            for run in (0..RUNS).filter(|run| self.may_read(node, *run)) {
                moves.push(Move::Show { node, run });
                if self.may_fail(self.faults.losses) && node == 0 {
                    moves.push(Move::LoseShow { run });
                }
            }
            if it.worker.wake_at().is_some_and(|at| at <= now()) {
                moves.push(Move::Timer { node });
            }
        }
        for run in 0..RUNS {
            let desk = &it.desks[run];
            if desk.delete.is_some() {
                moves.push(Move::Delete { node, run });
            }
            let starts = desk
                .engine
                .is_some_and(|engine| matches!(engine.phase, Phase::Starting(_)));
            if starts && !it.is_stalled {
                moves.push(Move::Launch { node, run });
            }
            for lane in [RequestLane::Main, RequestLane::Renewal] {
                if lane == RequestLane::Renewal || desk.delete.is_none() {
                    self.moves_of_request(RequestPlace { node, run, lane }, moves);
                }
            }
        }
    }

    fn moves_of_request(&self, place: RequestPlace, moves: &mut Vec<Move>) {
        let node = place.node;
        let Some(request) = self.nodes[node].desks[place.run].request(place.lane) else {
            return;
        };
        let is_open = request.answer.is_none();
        if is_open && self.may_fail(self.faults.kills) {
            let after = Some(place);
            moves.push(Move::Kill { node, after });
        }
        if self.nodes[node].is_stalled {
            if is_open {
                moves.push(Move::Serve(place));
            }
            return;
        }
        moves.push(Move::Answer(place));
        if self.may_fail(self.faults.losses) {
            let is_done = true;
            moves.push(Move::Lose { place, is_done });
            if is_open {
                let is_done = false;
                moves.push(Move::Lose { place, is_done });
            }
        }
        let may_start = match request.ask {
            Ask::Claim | Ask::Write { .. } => true,
            Ask::Renew { .. } => false,
        };
        if may_start && self.may_stall() {
            let after = Some(place);
            moves.push(Move::Stall { node, after });
        }
    }

    fn moves_of_tree(&self, tree: usize, it: Tree, moves: &mut Vec<Move>) {
        if !it.is_alive() {
            if !self.nodes[it.node].is_stalled {
                moves.push(Move::Notice { tree });
            }
        } else if it.is_being_ended() {
            moves.push(Move::Gone { tree });
        } else {
            moves.push(Move::Exit { tree });
        }
    }

    /// Whether the worker has anything that a fault could take from it.
    fn is_in_use(&self, node: usize) -> bool {
        self.nodes[node].worker.busy() > 0 || self.trees.iter().any(|tree| tree.node == node)
    }

    fn may_read(&self, node: usize, run: usize) -> bool {
        self.database.is_visible(run) && self.nodes[node].worker.free() > 0
    }

    /// Time passes when nobody who is awake has anything to do at this moment.
    fn may_tick(&self) -> bool {
        let is_idle = |node: usize| {
            let it = &self.nodes[node];
            let has_request = |run: &usize| {
                let desk = &it.desks[*run];
                desk.main.is_some() || desk.renewal.is_some() || desk.delete.is_some()
            };
            let starts = |run: &usize| {
                let engine = it.desks[*run].engine;
                engine.is_some_and(|engine| matches!(engine.phase, Phase::Starting(_)))
            };
            let ended = |tree: &Tree| tree.node == node && !tree.is_alive();
            it.is_stalled
                || !(0..RUNS).any(|run| has_request(&run) || starts(&run) || self.may_read(node, run))
                    && !self.trees.iter().any(ended)
                    && it.worker.wake_at().is_none_or(|at| at > now())
        };
        let is_waited_for = !self.trees.is_empty()
            || self.database.messages.iter().any(Option::is_some)
            || (0..NODES).any(|node| self.nodes[node].worker.busy() > 0);
        is_waited_for
            && (0..NODES).all(is_idle)
            && !self.beats.as_flattened().contains(&true)
            && !self.trees.iter().any(Tree::must_be_gone)
    }
}

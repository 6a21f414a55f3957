//! What a move changes.

use std::collections::VecDeque;

use super::super::input::{ClaimReply, Reply, RunOver, WorkerInput};
use super::super::lease::{BootMoment, Deadline};
use super::super::terms::{Fence, Write};
use super::super::worker::Worker;
use super::database::{ModelRun, ModelRunState, run_of};
use super::moves::{Move, RequestPlace};
use super::node::{Ask, ModelAnswer, ModelRequest, Phase, WorkerNode};
use super::tree::{Ended, Tree};
use super::world::World;
use super::{NODES, RUNS, TICK, now};

impl World {
    /// The world after a move; `fresh` is a worker as it starts. `None`: nothing changes.
    pub(super) fn after(&self, step: Move, fresh: &Worker) -> Option<Self> {
        let mut next = self.clone();
        next.apply(step, fresh)?;
        if next.progress() != self.progress() {
            next.idle = 0;
        }
        Some(next)
    }

    /// What never goes back: faults used up, runs enqueued, tasks recorded, runs ended.
    fn progress(&self) -> (u8, usize, u8, u8) {
        let runs = || self.database.runs.iter().flatten();
        let recorded = runs().map(|run| run.recorded).sum();
        let ends = runs().map(|run| run.ends).sum();
        (self.faults.weight, runs().count(), recorded, ends)
    }

    fn apply(&mut self, step: Move, fresh: &Worker) -> Option<()> {
        match step {
            Move::Enqueue { beat, run } => {
                self.database.enqueue(run);
                self.beats[beat][run] = false;
            }
            Move::Show { node, run } => {
                let fence = self.database.read(run)?;
                self.feed(node, WorkerInput::Shown { fence, unfit: None }, true);
            }
            Move::Answer(place) => self.answer(place, true)?,
            Move::Serve(place) => {
                let answer = self.serve(self.request(place)?);
                let lane = self.nodes[place.node].desks[place.run].lane(place.lane);
                lane.as_mut()?.answer = Some(answer);
            }
            Move::Delete { node, run } => {
                let fence = self.nodes[node].desks[run].delete.take()?;
                self.database.delete(fence);
            }
            Move::Launch { node, run } => {
                let mut inputs = VecDeque::new();
                self.launch(node, run, &mut inputs);
                for input in inputs {
                    self.feed(node, input, true);
                }
            }
            Move::Timer { node } => self.feed(node, WorkerInput::Tick, true),
            Move::Exit { tree } => self.end_tree(tree, Ended::Well),
            Move::Gone { tree } => self.end_tree(tree, Ended::Interrupted),
            Move::Notice { tree } => self.notice(tree),
            Move::Wake { node } => self.nodes[node].is_stalled = false,
            Move::Stray { index } => {
                let request = self.strays.remove(index);
                self.serve(request);
                // What a fault left behind, and not more often than there were faults.
                self.idle = 0;
            }
            Move::StrayLost { index } => {
                self.strays.remove(index);
            }
            Move::Tick => self.tick(None),
            _ => self.fail(step, fresh)?,
        }
        Some(())
    }

    fn fail(&mut self, step: Move, fresh: &Worker) -> Option<()> {
        self.faults.weight -= step.weight();
        match step {
            Move::KillBeat { beat } => {
                self.faults.kills -= 1;
                self.beats[beat] = [true; RUNS];
            }
            Move::Kill { node, after } => {
                self.faults.kills -= 1;
                if let Some(place) = after {
                    self.serve(self.request(place)?);
                }
                self.kill(node, fresh);
            }
            Move::Stall { node, after } => {
                self.faults.stalls -= 1;
                if let Some(place) = after {
                    self.answer(place, false)?;
                    let engine = self.nodes[node].desks[place.run].engine?;
                    if !matches!(engine.phase, Phase::Starting(_)) {
                        return None;
                    }
                }
                self.nodes[node].is_stalled = true;
            }
            Move::Lose { place, is_done } => {
                self.faults.losses -= 1;
                let request = self.request(place)?;
                if !is_done {
                    self.strays.push(request);
                } else if request.answer.is_none() {
                    self.serve(request);
                }
                self.lose(place)?;
            }
            Move::LoseEnqueue { run, .. } => {
                self.faults.losses -= 1;
                self.database.enqueue(run);
            }
            Move::LoseShow { run } => {
                self.faults.losses -= 1;
                self.database.read(run)?;
            }
            Move::ShowAgain { run } => {
                self.faults.shows -= 1;
                self.database.show_again(run);
            }
            Move::SlowTick { node } => {
                self.faults.clocks -= 1;
                self.nodes[node].is_slow = true;
                self.tick(Some(node));
            }
            _ => {}
        }
        Some(())
    }

    fn request(&self, place: RequestPlace) -> Option<ModelRequest> {
        self.nodes[place.node].desks[place.run].request(place.lane)
    }

    fn serve(&mut self, request: ModelRequest) -> ModelAnswer {
        let fence = request.fence;
        match request.ask {
            Ask::Claim => ModelAnswer::Claimed(self.database.claim(fence)),
            Ask::Renew { is_fenced } => ModelAnswer::Plain(self.database.renew(fence, is_fenced)),
            Ask::Write { write, is_fenced } => {
                ModelAnswer::Plain(self.database.write(fence, write, is_fenced))
            }
        }
    }

    fn answer(&mut self, place: RequestPlace, launches: bool) -> Option<()> {
        let request = self.request(place)?;
        let answer = match request.answer {
            Some(answer) => answer,
            None => self.serve(request),
        };
        *self.nodes[place.node].desks[place.run].lane(place.lane) = None;
        self.feed(place.node, input_of(request, answer), launches);
        let is_delivery = matches!(
            request.ask,
            Ask::Write {
                write: Write::Deliver(_),
                ..
            }
        );
        if is_delivery && answer == ModelAnswer::Plain(Reply::Stored) {
            self.delivered(place, request.fence);
        }
        Some(())
    }

    /// The shell tells the engine that what its collector brought is stored.
    fn delivered(&mut self, place: RequestPlace, fence: Fence) {
        let waits = self.nodes[place.node].desks[place.run]
            .engine
            .is_some_and(|engine| engine.fence == fence && engine.phase == Phase::Delivering);
        if waits {
            self.settle(place.node, place.run);
        }
    }

    fn lose(&mut self, place: RequestPlace) -> Option<()> {
        let lane = self.nodes[place.node].desks[place.run].lane(place.lane);
        let request = lane.take()?;
        let answer = match request.ask {
            Ask::Claim => ModelAnswer::Claimed(ClaimReply::Lost),
            Ask::Renew { .. } | Ask::Write { .. } => ModelAnswer::Plain(Reply::Lost),
        };
        self.feed(place.node, input_of(request, answer), true);
        Some(())
    }

    fn kill(&mut self, node: usize, fresh: &Worker) {
        let is_slow = self.nodes[node].is_slow;
        self.nodes[node] = WorkerNode {
            is_slow,
            ..WorkerNode::new(fresh.clone())
        };
        self.trees.retain(|tree| tree.node != node || tree.is_alive());
        for tree in self.trees.iter_mut().filter(|tree| tree.node == node) {
            tree.is_orphan = true;
        }
    }

    fn end_tree(&mut self, index: usize, ended: Ended) {
        let tree = self.trees[index];
        if tree.is_orphan {
            self.trees.remove(index);
            return;
        }
        self.trees[index].ended = Some(ended);
        if !self.nodes[tree.node].is_stalled {
            self.notice(index);
        }
    }

    fn notice(&mut self, index: usize) {
        let Tree {
            node, fence, ended, ..
        } = self.trees.remove(index);
        self.feed(node, WorkerInput::Gone { fence }, true);
        let Some(engine) = &mut self.desk(node, fence).engine else {
            return;
        };
        let task = usize::from(engine.task);
        match (ended, task) {
            (Some(Ended::Well), 0) => {
                engine.phase = Phase::Delivering;
                self.feed(node, WorkerInput::DeliveryDue { fence, task }, true);
            }
            (Some(Ended::Well), _) => self.settle(node, run_of(fence)),
            _ => {
                engine.phase = Phase::Done;
                let over = RunOver::Interrupted { lost_attempt: true };
                self.feed(node, WorkerInput::Over { fence, over }, true);
            }
        }
    }

    fn tick(&mut self, slow: Option<usize>) {
        self.database.pass();
        for node in (0..NODES).filter(|node| Some(*node) != slow) {
            self.nodes[node].worker.age(TICK, now());
            for desk in &mut self.nodes[node].desks {
                if let Some(engine) = &mut desk.engine
                    && let Phase::Starting(until) = engine.phase
                {
                    engine.phase = Phase::Starting(aged(until));
                }
            }
            for tree in self.trees.iter_mut().filter(|tree| tree.node == node) {
                tree.until = aged(tree.until);
            }
        }
        let is_somebody_awake = self.nodes.iter().any(|node| !node.is_stalled);
        let is_done = |run: &Option<ModelRun>| run.is_some_and(|run| run.state == ModelRunState::Ended);
        if is_somebody_awake
            && !self.trees.iter().any(Tree::is_alive)
            && !self.database.runs.iter().all(is_done)
        {
            self.idle += 1;
        }
        for node in 0..NODES {
            let it = &self.nodes[node];
            if !it.is_stalled && it.worker.wake_at().is_some_and(|at| at <= now()) {
                self.feed(node, WorkerInput::Tick, true);
            }
        }
    }
}

fn aged(until: Deadline) -> Deadline {
    let age = |moment: BootMoment| moment.before(TICK).max(now());
    Deadline {
        terminate_at: age(until.terminate_at),
        kill_at: age(until.kill_at),
    }
}

fn input_of(request: ModelRequest, answer: ModelAnswer) -> WorkerInput {
    let fence = request.fence;
    match (answer, request.ask) {
        (ModelAnswer::Claimed(reply), _) => WorkerInput::Claimed { fence, reply },
        (ModelAnswer::Plain(reply), Ask::Write { write, .. }) => WorkerInput::Written { fence, write, reply },
        (ModelAnswer::Plain(reply), Ask::Renew { .. } | Ask::Claim) => WorkerInput::Renewed { fence, reply },
    }
}

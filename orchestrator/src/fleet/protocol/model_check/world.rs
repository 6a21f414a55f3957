//! Everything at one moment: the database, two beats, two workers, what their machines run,
//! and how many faults may still come.

use std::collections::VecDeque;

use super::super::effect::{CloseCause, Effect, EndCause, Ending};
use super::super::input::{RunOver, WorkerInput};
use super::super::terms::{AttemptKey, Fence, Sequence};
use super::super::worker::Worker;
use super::database::{ModelDatabase, ModelRunState, run_of};
use super::node::{Ask, Desk, ModelRequest, Phase, RequestLane, TaskDriver, WorkerNode};
use super::tree::Tree;
use super::{BEATS, NODES, RUNS, TASKS, now};

/// How many faults of each kind may come, and how much they may weigh together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Faults {
    pub kills: u8,
    pub stalls: u8,
    pub losses: u8,
    pub shows: u8,
    pub clocks: u8,
    pub weight: u8,
}

/// A promise that was broken on the way here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Broken {
    /// A collector was started whose end was recorded, or its delivery.
    RunAgain,
    /// A collector was started of a run that had ended.
    AfterEnd,
    /// A collector was started before the end of the one before it was recorded: a kill
    /// would repeat both.
    TooEarly,
    /// A worker believes of its claim what is not so.
    Misreported,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub database: ModelDatabase,
    /// What each beat has still to enqueue.
    pub beats: [[bool; RUNS]; BEATS],
    pub nodes: [WorkerNode; NODES],
    pub trees: Vec<Tree>,
    /// Requests whose sender does not wait any more; they may still be carried out.
    pub strays: Vec<ModelRequest>,
    pub faults: Faults,
    /// For how many ticks no collector ran although somebody could have seen to it, since
    /// anything was recorded and since the last fault.
    pub idle: u8,
    pub broken: Option<Broken>,
}

impl World {
    pub(super) fn new(worker: &Worker, faults: Faults) -> Self {
        Self {
            database: ModelDatabase::default(),
            beats: [[true; RUNS]; BEATS],
            nodes: [WorkerNode::new(worker.clone()), WorkerNode::new(worker.clone())],
            trees: Vec::new(),
            strays: Vec::new(),
            faults,
            idle: 0,
            broken: None,
        }
    }

    /// Shows the worker an input and does what it says, and what follows from that at once in
    /// the same process. Without `launches`, it stops before the supervisor is told to start.
    pub(super) fn feed(&mut self, node: usize, input: WorkerInput, launches: bool) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.nodes[node].worker.step(now(), input) {
                self.carry_out(node, effect, launches, &mut inputs);
            }
        }
    }

    fn carry_out(&mut self, node: usize, effect: Effect, launches: bool, inputs: &mut VecDeque<WorkerInput>) {
        match effect {
            Effect::Claim(fence) => self.send(node, fence, Ask::Claim),
            Effect::Renew(fence) => self.send(node, fence, Ask::Renew { is_fenced: true }),
            Effect::RenewUnfenced(fence) => self.send(node, fence, Ask::Renew { is_fenced: false }),
            Effect::Write(fence, write) => {
                let is_fenced = true;
                self.send(node, fence, Ask::Write { write, is_fenced });
            }
            Effect::WriteUnfenced(fence, write) => {
                let is_fenced = false;
                self.send(node, fence, Ask::Write { write, is_fenced });
            }
            Effect::Delete(fence) => self.desk(node, fence).delete = Some(fence),
            Effect::Leave { .. } => {}
            Effect::Begin { fence, recorded } => {
                self.desk(node, fence).engine = Some(TaskDriver {
                    fence,
                    task: u8::try_from(recorded.0).unwrap_or(TASKS),
                    phase: Phase::Waiting,
                    stop: None,
                });
                self.go_to_next(node, run_of(fence), inputs);
            }
            Effect::Start { fence, until, .. } => {
                if let Some(engine) = &mut self.desk(node, fence).engine {
                    engine.phase = Phase::Starting(until);
                }
                if launches {
                    self.launch(node, run_of(fence), inputs);
                }
            }
            Effect::Extend { fence, until } => {
                let is_it = |tree: &&mut Tree| tree.fence == fence && tree.is_alive();
                if let Some(tree) = self.trees.iter_mut().find(is_it) {
                    tree.until = until;
                } else if let Some(engine) = &mut self.desk(node, fence).engine
                    && matches!(engine.phase, Phase::Starting(_))
                {
                    engine.phase = Phase::Starting(until);
                }
            }
            Effect::End { fence, ending, cause } => self.end(node, fence, (ending, cause), inputs),
            Effect::Close(fence, cause) => self.close(node, fence, cause),
        }
    }

    fn send(&mut self, node: usize, fence: Fence, ask: Ask) {
        let lane = match ask {
            Ask::Renew { .. } => RequestLane::Renewal,
            Ask::Claim | Ask::Write { .. } => RequestLane::Main,
        };
        let request = ModelRequest {
            fence,
            ask,
            answer: None,
        };
        let replaced = self.desk(node, fence).lane(lane).replace(request);
        // Of a claim that is over: nobody waits for it, but it may still be carried out.
        self.strays
            .extend(replaced.filter(|request| request.answer.is_none()));
    }

    pub(super) fn desk(&mut self, node: usize, fence: Fence) -> &mut Desk {
        &mut self.nodes[node].desks[run_of(fence)]
    }

    /// The engine's next question, once nothing of the task before it is left to do.
    fn go_to_next(&mut self, node: usize, run: usize, inputs: &mut VecDeque<WorkerInput>) {
        let Some(engine) = &mut self.nodes[node].desks[run].engine else {
            return;
        };
        let fence = engine.fence;
        engine.phase = Phase::Done;
        inputs.push_back(if engine.task == TASKS {
            let over = RunOver::Complete;
            WorkerInput::Over { fence, over }
        } else if engine.stop.is_some() {
            let over = RunOver::Interrupted { lost_attempt: false };
            WorkerInput::Over { fence, over }
        } else {
            engine.phase = Phase::Waiting;
            let (task, number) = (usize::from(engine.task), 1);
            let attempt = AttemptKey { task, number };
            WorkerInput::Due { fence, attempt }
        });
    }

    /// The supervisor starts the collector, unless it is too late.
    pub(super) fn launch(&mut self, node: usize, run: usize, inputs: &mut VecDeque<WorkerInput>) {
        let Some(engine) = &mut self.nodes[node].desks[run].engine else {
            return;
        };
        let Phase::Starting(until) = engine.phase else {
            return;
        };
        let (fence, task) = (engine.fence, engine.task);
        if until.terminate_at <= now() {
            engine.phase = Phase::Done;
            let over = RunOver::Interrupted { lost_attempt: false };
            inputs.extend([WorkerInput::Gone { fence }, WorkerInput::Over { fence, over }]);
            return;
        }
        engine.phase = Phase::Running;
        if let Some(row) = self.database.runs[run] {
            if row.state == ModelRunState::Ended {
                self.broken.get_or_insert(Broken::AfterEnd);
            } else if row.recorded > task || row.delivered && row.recorded == task {
                self.broken.get_or_insert(Broken::RunAgain);
            } else if row.recorded < task {
                self.broken.get_or_insert(Broken::TooEarly);
            }
        }
        self.trees.push(Tree {
            node,
            fence,
            task,
            until,
            is_orphan: false,
            is_asked: false,
            is_killed: false,
            ended: None,
        });
    }

    fn end(
        &mut self,
        node: usize,
        fence: Fence,
        (ending, cause): (Ending, EndCause),
        inputs: &mut VecDeque<WorkerInput>,
    ) {
        let is_it = |tree: &&mut Tree| tree.fence == fence && tree.is_alive();
        if let Some(tree) = self.trees.iter_mut().find(is_it) {
            tree.is_asked = true;
            tree.is_killed |= ending == Ending::Kill;
        }
        let Some(engine) = &mut self.desk(node, fence).engine else {
            return;
        };
        engine.stop = Some(cause);
        let waits_in_vain = match engine.phase {
            Phase::Waiting | Phase::Starting(_) => true,
            Phase::Delivering => cause == EndCause::Fenced,
            Phase::Running | Phase::Done => false,
        };
        if waits_in_vain {
            engine.phase = Phase::Done;
            let over = RunOver::Interrupted { lost_attempt: false };
            inputs.push_back(WorkerInput::Over { fence, over });
        }
    }

    /// A task is settled: the journal has it.
    pub(super) fn settle(&mut self, node: usize, run: usize) {
        let Some(engine) = &mut self.nodes[node].desks[run].engine else {
            return;
        };
        engine.task += 1;
        let (fence, task) = (engine.fence, engine.task);
        // The last one's end may be recorded with that of the run: of the first run it is.
        if task < TASKS || run > 0 {
            let upto = Sequence(u64::from(task));
            self.feed(node, WorkerInput::Journaled { fence, upto }, true);
        }
        let mut inputs = VecDeque::new();
        self.go_to_next(node, run, &mut inputs);
        for input in inputs {
            self.feed(node, input, true);
        }
    }

    fn close(&mut self, node: usize, fence: Fence, cause: CloseCause) {
        self.desk(node, fence).engine = None;
        let Some(row) = self.database.runs[run_of(fence)] else {
            return;
        };
        let is_so = match cause {
            CloseCause::Finished => row.state == ModelRunState::Ended && row.epoch == fence.epoch.0,
            CloseCause::Fenced => row.epoch > fence.epoch.0,
            CloseCause::Released => row.state == ModelRunState::Queued || row.epoch > fence.epoch.0,
            CloseCause::Refused => true,
            // The database of the model refuses nothing for good.
            CloseCause::Unwritable => false,
        };
        if !is_so {
            self.broken.get_or_insert(Broken::Misreported);
        }
    }

    /// Whether every run has ended, and nothing of any is left.
    pub(super) fn is_done(&self) -> bool {
        let have_ended = self
            .database
            .runs
            .iter()
            .all(|run| run.is_some_and(|run| run.state == ModelRunState::Ended));
        have_ended && self.database.messages.iter().all(Option::is_none) && self.trees.is_empty()
    }
}

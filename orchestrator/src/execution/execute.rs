//! One run, from its directory to its last row.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

use crate::engine::{RunRequest, run};
use crate::events::{Bus, Listener, Summary, report};
use crate::execution::drained::drained;
use crate::execution::error::ExecutionError;
use crate::execution::means::Means;
use crate::execution::plan_view::PlanView;
use crate::model::Order;
use crate::rundir::Journal;
use crate::rundir::RunDir;
use crate::rundir::forward_control;
use crate::store::{DRAIN, RecorderEnd, record};

/// Who is told while it goes on, besides the journal and the database.
#[derive(Default)]
pub struct Audience {
    /// In a thread of their own, which is started only if there are any.
    pub listeners: Vec<Box<dyn Listener>>,
    /// Whether they want to hear what collectors write.
    pub with_output: bool,
}

/// The two ends of a run's orders. Its own end is kept open, so that orders can also
/// come from another process.
pub struct Orders {
    sender: mpsc::Sender<Order>,
    receiver: mpsc::Receiver<Order>,
}

/// An operator has two things to say, and may say them again.
const ORDERS: usize = 4;

impl Orders {
    /// A run that nobody has given an order yet.
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel(ORDERS);
        Self { sender, receiver }
    }

    /// The end for whoever gives them.
    pub fn sender(&self) -> mpsc::Sender<Order> {
        self.sender.clone()
    }
}

impl Default for Orders {
    fn default() -> Self {
        Self::new()
    }
}

/// What became of it.
#[derive(Debug)]
pub struct Executed {
    /// How its collectors ended.
    pub summary: Summary,
    /// Whether the database has it whole.
    pub recorded: RecorderEnd,
}

/// Executes `request` and returns when everybody has been told its last event.
///
/// # Errors
/// The run's directory cannot be written: nothing was started. Or a part of ours
/// ended too early.
pub async fn execute(
    means: &Means,
    request: RunRequest,
    audience: Audience,
    orders: Orders,
) -> Result<Executed, ExecutionError> {
    let id = request.run.clone();
    let dir = RunDir::create(&means.state_dir, &id).map_err(state(&means.state_dir))?;
    let context = &means.context;
    let (plan, _) = PlanView::of(&request.plan, &context.collectors, &context.environment);
    let plan = serde_json::to_value(plan).map_err(|error| part("plan", &error))?;
    let journal = Journal::create(&dir, &plan).map_err(state(&dir.path()))?;

    let mut bus = Bus::new(vec![Box::new(journal)]);
    let reporter = reporter(&mut bus, audience);
    let enough = Arc::new(Notify::new());
    let recorder = tokio::spawn(record(
        means.store.clone(),
        id,
        means.state_dir.clone(),
        bus.subscribe(false),
        DRAIN,
        Arc::clone(&enough),
    ));
    let Orders { sender, receiver } = orders;
    if let Err(error) = forward_control(&dir.path(), sender) {
        tracing::warn!("orchestrate cancel will not reach this run: {error}");
    }

    let summary = run(context, request, &dir, &bus, receiver).await;

    // The queues end with the last publisher; what they hold is told before we go on.
    drop(bus);
    let recorded = drained(recorder, &enough)
        .await
        .map_err(|error| part("recorder", &error))?;
    if let Some(reporter) = reporter {
        tokio::task::spawn_blocking(move || reporter.join())
            .await
            .map_err(|error| part("reporter", &error))?
            .map_err(|_| part("reporter", &"it panicked"))?;
    }
    Ok(Executed { summary, recorded })
}

fn reporter(bus: &mut Bus, audience: Audience) -> Option<std::thread::JoinHandle<()>> {
    let Audience {
        mut listeners,
        with_output,
    } = audience;
    if listeners.is_empty() {
        return None;
    }
    let told = bus.subscribe(with_output);
    Some(std::thread::spawn(move || report(told, &mut listeners)))
}

fn state(path: &Path) -> impl FnOnce(std::io::Error) -> ExecutionError {
    let path = path.to_owned();
    move |source| ExecutionError::State { path, source }
}

fn part(part: &'static str, reason: &dyn ToString) -> ExecutionError {
    ExecutionError::Part {
        part,
        reason: reason.to_string(),
    }
}

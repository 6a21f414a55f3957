//! The desk of `serve`: wishes become plans of the timetable in force, and are executed beside the
//! scheduler's runs or given to the queue.

use std::sync::Arc;

use tokio::sync::watch;

use crate::cli::verbs::run::desk::end_run::{GoingRun, end_run, find_going};
use crate::cli::verbs::run::desk::foretell::{self, Surroundings};
use crate::cli::verbs::run::desk::plans::{PlanSources, WishedPlan};
use crate::events::SchedulerStatus;
use crate::execution::{Executor, RunPlan, queue_entry};
use crate::model::{HoldKey, RunId, Schedule, TaskStatus, WORKFLOW_GROUP};
use crate::queries::find_run::{FindRunError, find_run};
use crate::scheduler::{QueueDispatch, RunsByHand};
use crate::store::{Pause, RunningTask};
use crate::text::NamedSecrets;
use crate::web::{ActionDesk, ActionPreview, ActionRefusal, Pending, RefusalKind, Wish};

/// As many running collectors are looked at before something is run.
const RUNNING: u32 = 200;

/// Fulfils wishes beside a scheduler.
pub(crate) struct ServeDesk {
    pub(crate) executor: Arc<Executor>,
    pub(crate) by_hand: RunsByHand,
    /// Where runs go instead of being executed here.
    pub(crate) queue: Option<QueueDispatch>,
    pub(crate) standing: watch::Receiver<SchedulerStatus>,
    pub(crate) secrets: NamedSecrets,
}

impl ActionDesk for ServeDesk {
    fn preview<'a>(&'a self, wish: &'a Wish) -> Pending<'a, Result<ActionPreview, ActionRefusal>> {
        Box::pin(self.foretell(wish))
    }

    fn act<'a>(&'a self, wish: &'a Wish, run: &'a RunId) -> Pending<'a, Result<String, ActionRefusal>> {
        Box::pin(self.fulfil(wish, run))
    }

    fn without_secrets(&self, wish: Wish) -> Wish {
        let Wish::RunCollector { group, name, args } = wish else {
            return wish;
        };
        let schedule = self.schedule();
        let mut tasks = schedule.tasks();
        let task = tasks.find(|task| task.group.as_str() == group && task.name.as_str() == name);
        let secrets = match task {
            Some(task) => self.secrets.within(&task.policy.env),
            None => self.secrets.clone(),
        };
        let args = args.map(|args| args.iter().map(|arg| secrets.store(arg)).collect());
        Wish::RunCollector { group, name, args }
    }

    fn masked(&self, text: &str) -> String {
        self.secrets.masked(text)
    }
}

impl ServeDesk {
    fn schedule(&self) -> Arc<Schedule> {
        Arc::clone(&self.standing.borrow().schedule)
    }

    async fn foretell(&self, wish: &Wish) -> Result<ActionPreview, ActionRefusal> {
        let store = &self.executor.store;
        let (schedule, now) = (self.schedule(), self.executor.now());
        let pauses = store.pauses().await?;
        match wish {
            Wish::RunGroup { .. } | Wish::RunCollector { .. } | Wish::Retry { .. } => {
                let wished = self.plan(wish, &schedule).await?;
                let running = store.running_tasks(RUNNING).await?;
                let around = Surroundings {
                    running: &running,
                    pauses: &pauses,
                    to_queue: self.queue.is_some(),
                };
                Ok(foretell::of_run(wish, &wished, &around))
            }
            Wish::Cancel { run } => self.foretell_cancel(run).await,
            Wish::Pause { group } => {
                refuse_unknown(&schedule, &pauses, group)?;
                match Pause::of(&pauses, group) {
                    Some(_) => Err(conflict(format!("{group} is paused already"))),
                    None => Ok(foretell::of_pause(&schedule, group, false, now)),
                }
            }
            Wish::Resume { group } => {
                refuse_unknown(&schedule, &pauses, group)?;
                match Pause::of(&pauses, group) {
                    None => Err(conflict(format!("{group} is not paused"))),
                    Some(_) => Ok(foretell::of_pause(&schedule, group, true, now)),
                }
            }
        }
    }

    async fn foretell_cancel(&self, run: &RunId) -> Result<ActionPreview, ActionRefusal> {
        let going = find_going(&self.executor, &self.by_hand, run).await?;
        let record = match going {
            GoingRun::Waiting | GoingRun::Queued(None) => return Ok(foretell::of_waiting()),
            GoingRun::Recorded(record) | GoingRun::Queued(Some(record)) => record,
        };
        let running = self.executor.store.running_tasks(RUNNING).await?;
        let of_run: Vec<&RunningTask> = running.iter().filter(|task| task.run == *run).collect();
        let open = record
            .tasks
            .iter()
            .filter(|task| is_open(task.summary.outcome))
            .count();
        Ok(foretell::of_cancel(&of_run, open.saturating_sub(of_run.len())))
    }

    async fn fulfil(&self, wish: &Wish, run: &RunId) -> Result<String, ActionRefusal> {
        let store = &self.executor.store;
        let now = self.executor.now();
        match wish {
            Wish::RunGroup { .. } | Wish::RunCollector { .. } | Wish::Retry { .. } => {
                let wished = self.plan(wish, &self.schedule()).await?;
                self.begin(wished, run).await
            }
            Wish::Cancel { run } => {
                end_run(&self.executor, &self.by_hand, run).await?;
                Ok(format!("Run {run} was asked to end."))
            }
            Wish::Pause { group } => {
                refuse_unknown(&self.schedule(), &store.pauses().await?, group)?;
                Ok(match store.pause(group, now).await? {
                    true => format!("{group} is paused."),
                    false => format!("{group} was paused already."),
                })
            }
            Wish::Resume { group } => {
                refuse_unknown(&self.schedule(), &store.pauses().await?, group)?;
                Ok(match store.resume(group, now).await? {
                    true => format!("{group} runs again from its next slot on."),
                    false => format!("{group} was not paused."),
                })
            }
        }
    }

    async fn plan(&self, wish: &Wish, schedule: &Schedule) -> Result<WishedPlan, ActionRefusal> {
        let store = &self.executor.store;
        let known = PlanSources {
            schedule,
            noted: store.noted_releases(&schedule.release).await?,
            now: self.executor.now(),
        };
        match wish {
            Wish::RunGroup { group } => known.plan_group(group),
            Wish::RunCollector { group, name, args } => known.plan_collector(group, name, args.as_ref()),
            Wish::Retry { run, tasks } => {
                let record = find_run(store, run.as_str()).await.map_err(|error| match error {
                    FindRunError::Store(error) => error.into(),
                    other => ActionRefusal::new(RefusalKind::Unknown, other.to_string()),
                })?;
                known.plan_retry(&record, tasks.as_ref(), &self.secrets)
            }
            Wish::Cancel { .. } | Wish::Pause { .. } | Wish::Resume { .. } => Err(ActionRefusal::new(
                RefusalKind::Unusable,
                "nothing is run by that",
            )),
        }
    }

    async fn begin(&self, wished: WishedPlan, run: &RunId) -> Result<String, ActionRefusal> {
        let mut plan = wished.plan;
        // By hand a task stands for now.
        plan.set_slot(self.executor.now());
        let plan = RunPlan {
            run: run.clone(),
            schedule: wished.label,
            group: wished.group,
            slot: None,
            stop_on_failure: false,
            quiet: false,
            plan,
        };
        let Some(to) = &self.queue else {
            let begun = self.by_hand.start(plan);
            begun.map_err(|why| ActionRefusal::new(RefusalKind::Busy, why.to_string()))?;
            return Ok(format!("Run {run} was begun."));
        };
        let entry = wished.entry.ok_or_else(|| {
            conflict("the queue takes one group at a time".to_owned()).hint("choose collectors of one group")
        })?;
        let entry = queue_entry(&HoldKey::entry(&entry), plan.plan.overlap_mode(), run);
        let queued = self.executor.for_queue(plan, entry, &to.terms).await;
        let queued = queued.map_err(|error| ActionRefusal::new(RefusalKind::Broken, error.to_string()))?;
        to.queue.enqueue(&queued, self.executor.now()).await?;
        Ok(format!("Run {run} was given to the queue."))
    }
}

fn is_open(status: TaskStatus) -> bool {
    matches!(status, TaskStatus::Pending | TaskStatus::Running)
}

fn conflict(message: String) -> ActionRefusal {
    ActionRefusal::new(RefusalKind::Conflict, message)
}

/// A name that was mistyped would pause nothing, silently. A group that left the timetable may
/// still be paused.
fn refuse_unknown(schedule: &Schedule, pauses: &[Pause], group: &str) -> Result<(), ActionRefusal> {
    let is_known = group == WORKFLOW_GROUP
        || schedule.groups.iter().any(|known| known.name.as_str() == group)
        || Pause::of(pauses, group).is_some();
    match is_known {
        true => Ok(()),
        false => Err(
            ActionRefusal::new(RefusalKind::Unknown, format!("there is no group {group:?}"))
                .hint("the page Schedule lists them"),
        ),
    }
}

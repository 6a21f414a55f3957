//! Runs as they could have happened, event by event, and a store to tell them to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use orchestrator::events::{
    AttemptRecord, Bus, ListedTask, Listener, OutcomeWords, RunEvent, RunVerdict, SlotRef, Summary, TaskRef,
    TaskSummary,
};
use orchestrator::model::{Exit, Outcome, Owner, RunId};
use orchestrator::rundir::Journal;
use orchestrator::rundir::RunDir;
use orchestrator::store::{RecorderEnd, Store, record, this_process};
use sqlx::Connection;

/// A state directory and the store that goes with it.
pub(crate) struct Home {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) url: Option<String>,
}

impl Home {
    pub(crate) fn new(url: Option<String>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, url }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(self.url.as_deref(), self.path()).await.unwrap()
    }

    /// Does to the database what no domain method does.
    pub(crate) async fn sql(&self, sql: &str) {
        self.try_sql(sql).await.unwrap();
    }

    /// The same; what the database says if it refuses.
    pub(crate) async fn try_sql(&self, sql: &str) -> Result<(), String> {
        let text = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        let done = if let Some(url) = &self.url {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            let place = sqlx::raw_sql("set search_path = orchestrate, public");
            place.execute(&mut connection).await.unwrap();
            let done = text.execute(&mut connection).await.map(drop);
            connection.close().await.unwrap();
            done
        } else {
            let file = self.path().join("orchestrate.db");
            let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite:{}", file.display()))
                .await
                .unwrap();
            let done = text.execute(&mut connection).await.map(drop);
            connection.close().await.unwrap();
            done
        };
        done.map_err(|error| error.to_string())
    }
}

/// An instant of the night in which all stories happen.
pub(crate) fn at(second: i64) -> Timestamp {
    let midnight: Timestamp = "2026-11-25T00:00:00Z".parse().unwrap();
    midnight + jiff::SignedDuration::from_secs(second)
}

/// A process that is certainly gone: this one's id, started at another time.
pub(crate) fn dead() -> Owner {
    let mut owner = this_process().unwrap();
    owner.started += 1;
    owner
}

/// A run, as far as it has come.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) run: RunId,
    pub(crate) events: Vec<RunEvent>,
    tasks: Vec<TaskRef>,
    ended: Vec<(Outcome, TaskSummary)>,
    start: i64,
    clock: i64,
}

impl Story {
    /// A run of these collectors, all of group `g`.
    pub(crate) fn new(id: &str, start: i64, commands: &[&str], owner: Owner) -> Self {
        Self::at_slot(id, start, commands, owner, None)
    }

    pub(crate) fn at_slot(
        id: &str,
        start: i64,
        commands: &[&str],
        owner: Owner,
        slot: Option<SlotRef>,
    ) -> Self {
        let run = RunId::new(id);
        let tasks: Vec<TaskRef> = commands
            .iter()
            .zip(1..)
            .map(|(command, position)| TaskRef {
                position,
                group: "g".into(),
                name: name_at(commands, position - 1),
                command: (*command).into(),
            })
            .collect();
        let planned = tasks.iter().map(|task| ListedTask {
            task: task.clone(),
            args: vec!["--all".into(), "nul\0".into()],
            schedule: "daily".into(),
            slot: None,
        });
        let begin = RunEvent::RunStarted {
            run: run.clone(),
            schedule: "daily".into(),
            group: Some("g".into()),
            at: at(start),
            owner,
            slot,
            epoch: None,
            quiet: false,
            tasks: planned.collect(),
        };
        Self {
            run,
            events: vec![begin],
            tasks,
            ended: Vec::new(),
            start,
            clock: start,
        }
    }

    fn log(&self, attempt: u32) -> String {
        let task = &self.tasks[self.ended.len()];
        format!(
            "runs/{}/{}-{}.{attempt}.log",
            self.run, task.position, task.command
        )
    }

    /// The next task's attempt starts.
    pub(crate) fn start(&mut self, attempt: u32) -> &mut Self {
        self.clock += 1;
        self.events.push(RunEvent::TaskStarted {
            task: self.tasks[self.ended.len()].clone(),
            attempt,
            at: at(self.clock),
            timeout_ms: None,
            usual_ms: None,
            log: self.log(attempt),
        });
        self
    }

    fn attempt(&mut self, number: u32, outcome: &Outcome) -> AttemptRecord {
        let words = OutcomeWords::from(outcome);
        let started_at = at(self.clock);
        self.clock += 1;
        AttemptRecord {
            number,
            started_at,
            finished_at: at(self.clock),
            outcome: words.outcome,
            exit_code: words.exit_code,
            signal: words.signal,
            reason: words.reason,
            log: self.log(number),
            isolation: Some("tree".into()),
        }
    }

    /// It fails and will be tried again.
    pub(crate) fn retry(&mut self, attempt: u32) -> &mut Self {
        let record = self.attempt(attempt, &Outcome::Failed(Exit::Code(75)));
        self.events.push(RunEvent::TaskRetry {
            task: self.tasks[self.ended.len()].clone(),
            attempt: record,
            delay_ms: 10,
        });
        self
    }

    /// It ends, and with it the task.
    pub(crate) fn end(&mut self, attempt: u32, outcome: Outcome) -> &mut Self {
        let record = self.attempt(attempt, &outcome);
        let task = self.summary(attempt, &outcome);
        self.ended.push((outcome, task.clone()));
        self.events.push(RunEvent::TaskFinished {
            at: at(self.clock),
            task: Box::new(task),
            last_attempt: record,
        });
        self
    }

    /// The run is cancelled before it is tried again: its last end is that of the task, too.
    pub(crate) fn is_not_tried_again(&mut self) -> &mut Self {
        let Some(RunEvent::TaskRetry { attempt, .. }) = self.events.last().cloned() else {
            panic!("it is not waited for an attempt");
        };
        let outcome = Outcome::Failed(Exit::Code(75));
        let task = self.summary(attempt.number, &outcome);
        self.ended.push((outcome, task.clone()));
        self.events.push(RunEvent::TaskFinished {
            at: at(self.clock),
            task: Box::new(task),
            last_attempt: attempt,
        });
        self
    }

    /// Start and end in one.
    pub(crate) fn does(&mut self, outcome: Outcome) -> &mut Self {
        self.start(1).end(1, outcome)
    }

    pub(crate) fn skip(&mut self, outcome: Outcome) -> &mut Self {
        let task = self.summary(0, &outcome);
        self.ended.push((outcome, task.clone()));
        self.events.push(RunEvent::TaskSkipped {
            cause: None,
            at: at(self.clock),
            task: Box::new(task),
        });
        self
    }

    fn summary(&self, attempts: u32, outcome: &Outcome) -> TaskSummary {
        let task = &self.tasks[self.ended.len()];
        let words = OutcomeWords::from(outcome);
        TaskSummary {
            position: task.position,
            group: task.group.clone(),
            name: task.name.clone(),
            command: task.command.clone(),
            args: vec!["--all".into(), "nul\0".into()],
            outcome: words.outcome.into(),
            exit_code: words.exit_code,
            signal: words.signal,
            reason: words.reason,
            category: words.category,
            hint: None,
            attempts,
            duration_ms: 1000,
            max_rss_bytes: u64::MAX,
            cpu_ms: 7,
            stdout_bytes: 10,
            stderr_bytes: 20,
            lines: 3,
            truncated: true,
            leaked: true,
            leftovers: vec!["sh (pid 7)".into()],
            records: None,
            releases: Vec::new(),
            release_source: None,
            deferred: Vec::new(),
            suspect: None,
            warnings: Vec::new(),
            log: (attempts > 0).then(|| self.log(attempts)),
            tail: vec!["the last words".into(), "nul \0, snowman \u{2603}".into()],
        }
    }

    /// The run is over.
    pub(crate) fn finish(&mut self) -> &mut Self {
        let verdict = RunVerdict::of(self.ended.iter().map(|(outcome, _)| outcome), None);
        self.events.push(RunEvent::RunFinished(Box::new(Summary {
            run: self.run.clone(),
            schedule: "daily".into(),
            started_at: at(self.start),
            finished_at: at(self.clock),
            succeeded: verdict.succeeded,
            failed: verdict.failed,
            skipped: verdict.skipped,
            suspect: 0,
            success: verdict.success,
            exit_code: verdict.exit_code,
            tasks: self.ended.iter().map(|(_, task)| task.clone()).collect(),
        })));
        self
    }

    /// Tells it to the store alone.
    pub(crate) async fn tell(&self, store: &Store) -> RecorderEnd {
        self.tell_with(
            store,
            Path::new("/nonexistent"),
            Vec::new(),
            Duration::from_secs(60),
        )
        .await
    }

    /// Tells it to the journal in `state_dir` alone, as an orchestrate does whose
    /// database is away.
    pub(crate) async fn write_down(&self, state_dir: &Path) {
        let bus = Bus::new(vec![self.journal(state_dir)]);
        for event in &self.events {
            bus.publish(event.clone()).await;
        }
    }

    pub(crate) fn journal(&self, state_dir: &Path) -> Box<dyn Listener> {
        let dir = RunDir::create(state_dir, &self.run).unwrap();
        Box::new(Journal::create(&dir).unwrap())
    }

    pub(crate) async fn tell_with(
        &self,
        store: &Store,
        state_dir: &Path,
        firsthand: Vec<Box<dyn Listener>>,
        drain: Duration,
    ) -> RecorderEnd {
        let mut bus = Bus::new(firsthand);
        let queue = bus.subscribe(false);
        let recorder = tokio::spawn(record(
            store.clone(),
            self.run.clone(),
            state_dir.to_owned(),
            queue,
            drain,
            Arc::default(),
        ));
        for event in &self.events {
            bus.publish(event.clone()).await;
        }
        drop(bus);
        recorder.await.unwrap()
    }
}

/// The name of a task without a name of its own, by the order of its group.
fn name_at(commands: &[&str], place: usize) -> String {
    let command = commands[place];
    match commands[..place]
        .iter()
        .filter(|before| **before == command)
        .count()
    {
        0 => command.to_owned(),
        before => format!("{command}#{}", before + 1),
    }
}

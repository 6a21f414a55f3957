//! What the database of the model check was asked on its walks, asked of a real PostgreSQL: the
//! same questions in the same order get the same answers, and leave the same behind. The walks are
//! those that `fleet/protocol/model_check/trace.rs` writes down.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use orchestrator::events::RunEvent;
use orchestrator::model::{LossPolicy, Outcome, RunId};
use orchestrator::records::{Delivery, Records, RecordsError};
use orchestrator::store::{
    FleetQueue, NewQueuedRun, Renewal, RunFence, ShownRun, Store, StoreError, this_process,
};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::queue::{run, until_shown};
use crate::cluster::cluster;
use crate::run_events::{Home, Story, at};
use crate::runtime::runtime;

const WALKS: &str = "src/fleet/protocol/model_check/snapshots/orchestrator__fleet__protocol__model_check__trace__walks_are_written_down_for_a_real_database.snap";

/// A tick of the model's clock, far longer than the test takes; eight are a lease.
const TICK: u64 = 1000;
const LEASE: Duration = Duration::from_secs(8 * TICK);

#[test]
fn a_real_database_answers_as_the_one_of_the_model() {
    let walks = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(WALKS)).unwrap();
    let (_, walks) = walks.split_once("---\nsource").unwrap();
    let (_, walks) = walks.split_once("\n---\n").unwrap();
    let mut asked = 0;
    for (number, walk) in walks.split("\nanew\n").enumerate() {
        asked += walk.lines().count();
        runtime().block_on(replay(number, walk));
    }
    // A snapshot of nothing would be answered alike as well.
    assert!(asked >= 100, "{asked} questions");
    println!("{asked} questions were answered alike");
}

async fn replay(number: usize, walk: &str) {
    let url = cluster().database();
    let home = Home::new(Some(url.clone()));
    let store = home.open().await;
    let queue = store.open_queue().await.unwrap();
    let mut sql = PgConnection::connect(&url).await.unwrap();
    sqlx::query("set search_path = orchestrate, public")
        .execute(&mut sql)
        .await
        .unwrap();
    let mut replay = Replay {
        home,
        store,
        queue,
        sql,
        messages: HashMap::new(),
        claims: HashMap::new(),
    };
    for (place, line) in walk.lines().enumerate() {
        let (question, expected) = line.split_once(" -> ").unwrap();
        let (answer, rows) = expected.split_once(" | ").unwrap();
        let here = || format!("walk {number}, line {}: {line}", place + 1);
        assert_eq!(replay.ask(question, answer).await, answer, "{}", here());
        assert_eq!(replay.rows().await, rows, "{}", here());
    }
    replay.store.close().await;
    replay.sql.close().await.unwrap();
}

/// What a worker knows of a claim that it was granted.
struct Claim {
    /// Of the run, before this claim.
    recorded: u64,
    events: Vec<Arc<RunEvent>>,
}

struct Replay {
    home: Home,
    store: Store,
    queue: FleetQueue,
    sql: PgConnection,
    messages: HashMap<String, i64>,
    claims: HashMap<(String, i64), Claim>,
}

fn id(run: &str) -> RunId {
    RunId::new(format!("run-{run}"))
}

impl Replay {
    async fn ask(&mut self, question: &str, expected: &str) -> String {
        let words: Vec<&str> = question.split(' ').collect();
        match words[..] {
            ["enqueue", place] => self.enqueue(place).await,
            ["read", _, "in_turn"] => {
                let shown = until_shown(&self.queue, "w").await;
                self.messages.insert(shown.run.to_string(), shown.message);
                return shown.shown.to_string();
            }
            ["read", place, _] => {
                let text = "update pgmq.q_orchestrate_orchestrate set read_ct = read_ct + 1
                    where message ->> 'run' = $1 returning msg_id, read_ct";
                let (message, shown): (i64, i32) = sqlx::query_as(text)
                    .bind(id(place).as_str())
                    .fetch_one(&mut self.sql)
                    .await
                    .unwrap();
                self.messages.insert(id(place).to_string(), message);
                return shown.to_string();
            }
            ["show_again", place] => {
                let text = "update pgmq.q_orchestrate_orchestrate set vt = clock_timestamp()
                    where message ->> 'run' = $1";
                let query = sqlx::query(text).bind(id(place).to_string());
                query.execute(&mut self.sql).await.unwrap();
            }
            ["claim", claim] => return self.claim(claim).await,
            ["renew", claim] => {
                let kept = self.queue.renew(&fence(claim)).await.unwrap();
                let is_kept = matches!(kept, Renewal::Kept { .. });
                return if is_kept { "stored" } else { "fenced" }.to_owned();
            }
            ["write", claim, ref what @ ..] => return self.write(claim, what).await,
            ["pass"] => self.pass().await,
            _ => panic!("{question}"),
        }
        expected.to_owned()
    }

    async fn enqueue(&mut self, place: &str) {
        let new = NewQueuedRun {
            lease: LEASE,
            on_lost: if place == "0" {
                LossPolicy::Resume
            } else {
                LossPolicy::Fail
            },
            ..run(id(place).as_str(), "e")
        };
        self.queue.enqueue(&new, at(0)).await.unwrap();
    }

    async fn claim(&mut self, claim: &str) -> String {
        let fence = fence(claim);
        let shown = ShownRun {
            message: self.messages[fence.run.as_str()],
            run: fence.run.clone(),
            shown: fence.epoch,
        };
        let Some(grant) = self.queue.claim(&shown, "w").await.unwrap() else {
            return "refused".to_owned();
        };
        let key = (fence.run.to_string(), fence.epoch);
        if !self.claims.contains_key(&key) {
            let claim = self.story(&fence, grant.recorded).await;
            // What a worker records before it starts anything.
            let begin = claim.events.len().min(2);
            self.apply(&fence, &claim, begin).await.unwrap();
            self.claims.insert(key, claim);
        }
        format!("granted {}", grant.losses)
    }

    /// All that a worker will have to tell, if nothing comes in between.
    async fn story(&self, fence: &RunFence, recorded: u64) -> Claim {
        let record = self.store.run(&fence.run).await.unwrap();
        let tasks = record.map(|record| record.tasks).unwrap_or_default();
        let settled = tasks
            .iter()
            .filter(|task| task.summary.outcome.as_str() == "succeeded")
            .count();
        let attempts = tasks.get(settled).map_or(0, |task| task.attempt_list.len());
        let next = u32::try_from(attempts).unwrap() + 1;
        let mut story = Story::new(fence.run.as_str(), 0, &["a", "b"], this_process().unwrap());
        for task in 0..2 {
            let number = if task == settled { next } else { 1 };
            story.start(number).end(number, Outcome::Succeeded);
        }
        story.finish();
        let begin = RunEvent::RunStarted {
            run: fence.run.clone(),
            schedule: "daily".into(),
            group: Some("g".into()),
            at: at(0),
            owner: this_process().unwrap(),
            slot: None,
            epoch: Some(fence.epoch),
            quiet: false,
            tasks: match &story.events[0] {
                RunEvent::RunStarted { tasks, .. } => tasks.clone(),
                other => panic!("{other:?}"),
            },
        };
        story.events.splice(..=settled * 2, [begin]);
        Claim {
            recorded,
            events: story.events.into_iter().map(Arc::new).collect(),
        }
    }

    async fn apply(&self, fence: &RunFence, claim: &Claim, count: usize) -> Result<(), StoreError> {
        let events = claim.events[..count].iter().cloned();
        let numbered: Vec<_> = (claim.recorded + 1..).zip(events).collect();
        self.store.apply_claimed(fence, &numbered).await
    }

    async fn write(&mut self, claim: &str, what: &[&str]) -> String {
        let fence = fence(claim);
        let told = &self.claims[&(fence.run.to_string(), fence.epoch)];
        let written = match *what {
            ["deliver", "0"] => return self.deliver(&fence).await,
            ["record", upto] => {
                let upto: usize = upto.parse().unwrap();
                let ends = |event: &Arc<RunEvent>| match &**event {
                    RunEvent::TaskFinished { task, .. } => task.position == upto,
                    _ => false,
                };
                let count = told.events.iter().position(ends).map_or(1, |place| place + 1);
                self.apply(&fence, told, count).await
            }
            ["finish"] => self.apply(&fence, told, told.events.len()).await,
            ["give_up"] => self.store.give_up_claimed(&fence, "lost", at(9)).await,
            ["release", word] => match self.queue.give_back(&fence, "given back", word == "lost").await {
                Ok(true) => Ok(()),
                Ok(false) => Err(StoreError::Fenced(fence.run.to_string())),
                Err(error) => Err(error),
            },
            _ => panic!("{what:?}"),
        };
        match written {
            Ok(()) => "stored".to_owned(),
            Err(StoreError::Fenced(_)) => "fenced".to_owned(),
            Err(error) => panic!("{error}"),
        }
    }

    async fn deliver(&self, fence: &RunFence) -> String {
        let events = PathBuf::from("events.jsonl");
        let line = r#"{"type":"record","collection":"c","key":"k","data":1}"#;
        fs::write(self.home.path().join(&events), format!("{line}\n")).unwrap();
        let delivery = Delivery {
            run: fence.run.clone(),
            epoch: Some(fence.epoch),
            position: 1,
            group: "g".into(),
            name: "a".into(),
            command: "a".into(),
            at: at(5),
            events,
            bytes: u64::try_from(line.len() + 1).unwrap(),
            state: None,
            reads: Vec::new(),
            complete: Vec::new(),
            settles: None,
            only_reads: false,
        };
        let records = Records::from(self.store.database());
        match records.ingest(self.home.path(), &delivery).await {
            Ok(_) => "stored".to_owned(),
            Err(RecordsError::Fenced(_)) => "fenced".to_owned(),
            Err(error) => panic!("{error}"),
        }
    }

    /// Everything that the database remembers is a tick longer ago.
    async fn pass(&mut self) {
        let texts = [
            format!(
                "update queued_runs set lease_until = lease_until - {} where state = 'running'",
                TICK * 1_000_000
            ),
            format!("update pgmq.q_orchestrate_orchestrate set vt = vt - interval '{TICK} seconds'"),
        ];
        for text in texts {
            let query = sqlx::raw_sql(sqlx::AssertSqlSafe(text));
            query.execute(&mut self.sql).await.unwrap();
        }
    }

    /// As the model writes them.
    async fn rows(&mut self) -> String {
        let text = "select q.run_id,
                case when q.state = 'running'
                    and q.lease_until <= extract(epoch from clock_timestamp()) * 1000000 then 'overdue'
                    else q.state end,
                q.epoch, q.losses,
                (select count(*) from tasks t where t.run_id = q.run_id and (t.outcome = 'succeeded'
                    or t.outcome is null and exists (select 1 from ingests i
                        where i.run_id = t.run_id and i.position = t.position)))
            from queued_runs q";
        let rows: Vec<(String, String, i64, i64, i64)> =
            sqlx::query_as(text).fetch_all(&mut self.sql).await.unwrap();
        let word = |place: &str| {
            let row = rows.iter().find(|(run, ..)| *run == id(place).as_str());
            row.map_or(format!("{place}=none"), |(_, state, epoch, losses, done)| {
                format!("{place}={state}:{epoch}:{done}:{losses}")
            })
        };
        format!("{} {}", word("0"), word("1"))
    }
}

/// `RUN:EPOCH`.
fn fence(claim: &str) -> RunFence {
    let (place, epoch) = claim.split_once(':').unwrap();
    RunFence {
        run: id(place),
        epoch: epoch.parse().unwrap(),
    }
}

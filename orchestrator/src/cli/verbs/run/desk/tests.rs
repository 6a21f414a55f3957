//! The desk with a real store and an executor that finds no collector: what is asked for becomes a
//! run with its record, or a refusal that says why.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Weekday;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use super::ServeDesk;
use crate::events::SchedulerStatus;
use crate::execution::{Admission, Audience, Executor, LocalAdmission, QueueTerms, RunPlan};
use crate::model::fixtures::{group, schedule, weekly};
use crate::model::{Cadence, ManualClock, Overlap, Plan, Release, RunId, Schedule, TaskStatus};
use crate::scheduler::dispatch::by_hand::EndedByHand;
use crate::scheduler::dispatch::local::RunningRuns;
use crate::scheduler::{QueueDispatch, RunsByHand};
use crate::store::{ActionOutcome, ActionVerb, BegunAction, NewAction, Role, Store, Visitor};
use crate::text::NamedSecrets;
use crate::web::{ActionDesk, RefusalKind, Wish};

const RUN: &str = "20261125-000000-aaaaaa";

/// A Wednesday.
fn now() -> Timestamp {
    "2026-11-25T00:00:00Z".parse().unwrap()
}

fn timetable() -> Schedule {
    schedule([
        group(
            "daily",
            "UTC",
            "04:10",
            &[("run_a", Cadence::Daily), ("run_b", Cadence::Daily)],
        ),
        group("mondays", "UTC", "04:10", &[("run_w", weekly(Weekday::Monday))]),
    ])
}

struct Office {
    desk: ServeDesk,
    store: Store,
    ends: mpsc::UnboundedReceiver<EndedByHand>,
    _standing: watch::Sender<SchedulerStatus>,
    dir: TempDir,
}

impl Office {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(None, dir.path()).await.unwrap();
        let clock = Arc::new(ManualClock::new(now()));
        let executor = Executor::without_collectors(store.clone(), dir.path(), clock);
        let (by_hand, ends) = RunsByHand::new(
            Arc::clone(&executor),
            Arc::new(Audience::default),
            LocalAdmission::new(4, executor.state_dir()),
            RunningRuns::default(),
        );
        let (sender, standing) = watch::channel(SchedulerStatus {
            leading: true,
            ..SchedulerStatus::at_start(timetable(), now())
        });
        Self {
            desk: ServeDesk {
                executor,
                by_hand,
                queue: None,
                standing,
                secrets: NamedSecrets::new(&["KEY".to_owned()], |_| Some("s3cret-value".into())),
            },
            store,
            ends,
            _standing: sender,
            dir,
        }
    }

    async fn act(&self, wish: Wish, run: &str) -> Result<String, (RefusalKind, String)> {
        let done = self.desk.act(&wish, &RunId::new(run)).await;
        done.map_err(|refusal| (refusal.kind, refusal.message))
    }

    /// The next run by hand that ends.
    async fn ended(&mut self) -> Option<bool> {
        let ended = self.ends.recv().await.unwrap();
        self.desk.by_hand.acknowledge(&ended);
        ended.success
    }

    async fn outcomes(&self, run: &str) -> Vec<(String, TaskStatus)> {
        let record = self.store.run(&RunId::new(run)).await.unwrap().unwrap();
        let tasks = record.tasks.into_iter().map(|task| task.summary);
        tasks.map(|task| (task.name, task.outcome)).collect()
    }

    async fn close(self) {
        self.desk.executor.close().await;
    }
}

fn collector(args: Option<&[&str]>) -> Wish {
    Wish::RunCollector {
        group: "daily".to_owned(),
        name: "run_a".to_owned(),
        args: args.map(|args| args.iter().map(|arg| (*arg).to_owned()).collect()),
    }
}

fn run_group(name: &str) -> Wish {
    Wish::RunGroup {
        group: name.to_owned(),
    }
}

#[tokio::test]
async fn what_is_run_by_hand_has_its_record_and_can_be_retried() {
    let mut office = Office::new().await;
    office.act(run_group("daily"), RUN).await.unwrap();
    assert_eq!(office.ended().await, Some(false), "no collector is there");
    let both = ["run_a", "run_b"].map(|name| (name.to_owned(), TaskStatus::NotStarted));
    assert_eq!(office.outcomes(RUN).await, both);

    let retry = Wish::Retry {
        run: RunId::new(RUN),
        tasks: Some(vec![("daily".to_owned(), "run_b".to_owned())]),
    };
    let preview = office.desk.preview(&retry).await.unwrap();
    assert_eq!(preview.tasks.len(), 1);
    assert!(preview.notes[0].contains("begins at once"), "{:?}", preview.notes);
    let second = "20261125-000001-bbbbbb";
    office.act(retry, second).await.unwrap();
    office.ended().await;
    assert_eq!(office.outcomes(second).await, both[1..]);
    let newest = office.store.newest_retry(&RunId::new(RUN)).await.unwrap();
    assert_eq!(newest, Some(RunId::new(second)));
    assert_eq!(
        office.store.newest_retry(&RunId::new(second)).await.unwrap(),
        None
    );

    let ended = office
        .act(Wish::Cancel { run: RunId::new(RUN) }, "x")
        .await
        .unwrap_err();
    assert_eq!(ended.0, RefusalKind::Conflict);
    assert!(ended.1.contains("it ended Wed 25 Nov"), "{}", ended.1);
    office.close().await;
}

#[tokio::test]
async fn arguments_are_handed_on_as_they_are_and_secrets_by_name() {
    let mut office = Office::new().await;
    let typed = ["; rm -rf /", "--", "a\nb", "{slot}", "--key=s3cret-value"];
    let wish = office.desk.without_secrets(collector(Some(&typed)));
    assert_eq!(wish.args().unwrap()[4], "--key={secret:KEY}");
    office.act(wish, RUN).await.unwrap();
    office.ended().await;
    let record = office.store.run(&RunId::new(RUN)).await.unwrap().unwrap();
    let args = &record.tasks[0].summary.args;
    assert_eq!(
        args[..4],
        typed[..4],
        "nothing is filled in, nothing goes through a shell"
    );
    assert!(!args[4].contains("s3cret"), "{args:?}");
    let nul = office.act(collector(Some(&["a\0b"])), "x").await.unwrap_err();
    assert_eq!(nul.0, RefusalKind::Unusable);
    office.close().await;
}

#[tokio::test]
async fn what_cannot_be_done_says_why() {
    let office = Office::new().await;
    let unknown = RefusalKind::Unknown;
    let gone = |run: &str| Wish::Cancel { run: RunId::new(run) };
    let absent = Wish::RunCollector {
        group: "daily".to_owned(),
        name: "run_w".to_owned(),
        args: None,
    };
    for (wish, kind, said) in [
        (run_group("nosuch"), unknown, "there is no group \"nosuch\""),
        (run_group("workflow"), unknown, "no workflow"),
        (
            run_group("mondays"),
            RefusalKind::Conflict,
            "nothing of mondays is due today, 2026-11-25",
        ),
        (absent, unknown, "no collector \"run_w\" in group \"daily\""),
        (gone(RUN), unknown, "no run has the id"),
        (gone("../../etc"), unknown, "no run has the id"),
        (
            Wish::Pause {
                group: "nosuch".to_owned(),
            },
            unknown,
            "there is no group",
        ),
    ] {
        let foretold = office.desk.preview(&wish).await.unwrap_err();
        let refused = office.act(wish, RUN).await.unwrap_err();
        assert_eq!((foretold.kind, refused.0), (kind, kind), "{said}");
        assert!(
            refused.1.contains(said) && foretold.message == refused.1,
            "{}",
            refused.1
        );
    }
    assert_eq!(office.desk.by_hand.count(), 0);
    office.close().await;
}

#[tokio::test]
async fn a_pause_is_told_with_the_slot_that_it_passes_over() {
    let office = Office::new().await;
    let pause = Wish::Pause {
        group: "daily".to_owned(),
    };
    let preview = office.desk.preview(&pause).await.unwrap();
    assert!(
        preview.notes[0].contains("its next slot is Wed 25 Nov 04:10 UTC"),
        "{:?}",
        preview.notes
    );
    assert_eq!(office.act(pause.clone(), RUN).await.unwrap(), "daily is paused.");
    let again = office.desk.preview(&pause).await.unwrap_err();
    assert_eq!(
        (again.kind, again.message.as_str()),
        (RefusalKind::Conflict, "daily is paused already")
    );
    let note = &office.desk.preview(&run_group("daily")).await.unwrap().notes[1];
    assert!(note.contains("by hand it runs all the same"), "{note}");
    let resume = Wish::Resume {
        group: "daily".to_owned(),
    };
    office.act(resume.clone(), RUN).await.unwrap();
    assert_eq!(
        office.desk.preview(&resume).await.unwrap_err().kind,
        RefusalKind::Conflict
    );
    office.close().await;
}

#[tokio::test]
async fn a_run_that_waits_can_be_cancelled_and_its_action_says_so() {
    let mut office = Office::new().await;
    // Another process holds the group.
    let other = LocalAdmission::new(1, office.dir.path());
    let schedule = timetable();
    let tasks: Vec<_> = schedule.groups[0].tasks.iter().collect();
    let mut plan = Plan::new("daily", "2026-11-25".parse().unwrap(), Release::None, &tasks);
    plan.set_overlap_by_hand(Some(&schedule), None);
    let held = RunPlan {
        run: RunId::new("20261124-000000-cccccc"),
        schedule: "daily".to_owned(),
        group: None,
        slot: None,
        stop_on_failure: false,
        quiet: false,
        plan,
    };
    let permit = other.admit(&held).await.unwrap();
    let action = NewAction {
        visitor: Visitor {
            name: "ops".to_owned(),
            role: Role::Operator,
        },
        verb: ActionVerb::Run,
        target: "daily".to_owned(),
        args: None,
        note: None,
        run: Some(RunId::new(RUN)),
        key: None,
    };
    let begun = office.store.begin_action(&action, now()).await.unwrap();
    assert!(matches!(begun, BegunAction::New(_)));
    office.act(run_group("daily"), RUN).await.unwrap();
    let cancel = Wish::Cancel { run: RunId::new(RUN) };
    let preview = office.desk.preview(&cancel).await.unwrap();
    assert_eq!(preview.notes, ["It waits, and will not begin."]);
    office.act(cancel, "x").await.unwrap();
    assert_eq!(office.ended().await, None);
    let action = office
        .store
        .action_of_run(&RunId::new(RUN))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(action.outcome, ActionOutcome::Failed, "{:?}", action.message);
    assert_eq!(
        office
            .store
            .run(&RunId::new(RUN))
            .await
            .unwrap()
            .map(|run| run.header.run),
        None
    );
    drop(permit);

    // A scheduler that ends begins nothing more, and what waits does not begin.
    let permit = other.admit(&held).await.unwrap();
    office
        .act(run_group("daily"), "20261125-000002-dddddd")
        .await
        .unwrap();
    office.desk.by_hand.stop_starting();
    assert_eq!(office.ended().await, None);
    let late = office
        .act(run_group("daily"), "20261125-000003-eeeeee")
        .await
        .unwrap_err();
    assert_eq!(
        late,
        (RefusalKind::Busy, "this scheduler is about to end".to_owned())
    );
    drop(permit);
    office.close().await;
}

#[tokio::test]
async fn in_the_queue_a_group_waits_for_itself_unless_it_may_overlap() {
    let mut office = Office::new().await;
    office.desk.queue = Some(QueueDispatch {
        queue: office.store.open_queue().await.unwrap(),
        terms: QueueTerms {
            lease: QueueTerms::LEASE,
        },
    });
    let runs = [
        RUN,
        "20261125-000002-bbbbbb",
        "20261125-000003-cccccc",
        "20261125-000004-dddddd",
    ];
    for run in &runs[..2] {
        office.act(run_group("daily"), run).await.unwrap();
    }
    let mut allowing = timetable();
    allowing.groups[0].overlap = Overlap::Allow;
    office
        ._standing
        .send_modify(|standing| standing.schedule = Arc::new(allowing));
    office.act(run_group("daily"), runs[2]).await.unwrap();
    office.act(collector(None), runs[3]).await.unwrap();
    let waiting = office.store.waiting(10).await.unwrap();
    let behind: Vec<Option<RunId>> = waiting
        .into_iter()
        .map(|run| run.behind.map(|(other, _)| other))
        .collect();
    assert_eq!(behind, [None, Some(RunId::new(RUN)), None, None]);
    office.close().await;
}

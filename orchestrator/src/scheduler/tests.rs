//! The scheduler with a real store and a clock that the test moves. The collectors do not
//! exist, so every run ends at once, and says so.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::execution::{Audience, Executor};
use crate::model::fixtures::{group, interval, schedule, weekly};
use crate::model::{Cadence, CatchUpMode, Clock, ManualClock, Schedule, scheduler_timetable};
use crate::report::Metrics;
use crate::scheduler::planning::planner::SlotEvent;
use crate::scheduler::{Scheduler, SchedulerSettings};
use crate::store::{LedgerState, Store};

/// A state directory and the time of day.
struct Night {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}:00Z").parse().unwrap()
}

impl Night {
    fn new(now: &str) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::new(at(now))),
        }
    }

    async fn store(&self) -> Store {
        Store::open(None, self.dir.path()).await.unwrap()
    }

    /// A scheduler that has just been started.
    async fn start(&self, schedule: Schedule) -> Scheduler {
        self.start_with(schedule, 4).await
    }

    async fn start_with(&self, schedule: Schedule, concurrency: usize) -> Scheduler {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Scheduler::new(SchedulerSettings {
            executor: Executor::without_collectors(self.store().await, self.dir.path(), clock),
            schedule_file: self.dir.path().join("schedule.yaml"),
            schedule,
            stale: None,
            load: Box::new(|| Err("there is no file".to_owned())),
            audience: Arc::new(Audience::default),
            queue: None,
            concurrency,
            drain_timeout: Duration::from_secs(1),
            metrics: Metrics::default(),
        })
        .0
    }

    /// It is `now`: the scheduler looks, and what it sets going comes to its end.
    async fn look(&self, scheduler: &mut Scheduler, now: &str) {
        self.clock.set(at(now));
        let schedule = scheduler.status.schedule();
        let timetable = scheduler_timetable(&schedule);
        let slots = &mut scheduler.slots;
        let (mut timeline, mut situation) = slots.read_situation(&schedule, &timetable).await.unwrap();
        slots.tick(&mut timeline, &mut situation).await;
        while slots.count_begun() > 0 {
            let news = slots.next_news().await;
            slots.handle(news, &mut situation).await;
        }
        assert_eq!(slots.unsettled.len(), 0);
    }

    /// Slot and state of a task, oldest first; its group is `g` unless it says otherwise.
    async fn ledger(&self, task: &str) -> Vec<String> {
        let store = self.store().await;
        let (group, name) = task.split_once('/').unwrap_or(("g", task));
        let mut rows = store.ledger(group, name, 100).await.unwrap();
        rows.reverse();
        store.close().await;
        rows.iter()
            .map(|row| format!("{} {}", row.slot.strftime("%dT%H:%M"), row.state))
            .collect()
    }
}

fn daily() -> Schedule {
    schedule([group("g", "UTC", "04:10", &[("c", Cadence::Daily)])])
}

#[tokio::test]
async fn a_restart_after_days_runs_the_last_slot_and_says_which_it_missed() {
    let night = Night::new("20T00:00");
    let mut scheduler = night.start(daily()).await;
    night.look(&mut scheduler, "20T00:00").await;
    assert_eq!(
        night.ledger("c").await,
        [""; 0],
        "nothing is older than the timetable"
    );
    night.look(&mut scheduler, "20T04:10").await;
    drop(scheduler);
    let mut scheduler = night.start(daily()).await;
    night.look(&mut scheduler, "23T10:00").await;
    night.look(&mut scheduler, "23T10:00").await;
    assert_eq!(
        night.ledger("c").await,
        [
            "20T04:10 ran",
            "21T04:10 missed",
            "22T04:10 missed",
            "23T04:10 ran"
        ]
    );
}

#[tokio::test]
async fn a_slot_from_before_the_first_start_after_which_it_was_down_is_caught_up() {
    let night = Night::new("20T00:00");
    let mut scheduler = night.start(daily()).await;
    night.look(&mut scheduler, "20T00:00").await;
    drop(scheduler);
    // Never fired, but known since the 20th.
    let mut scheduler = night.start(daily()).await;
    night.look(&mut scheduler, "20T12:00").await;
    assert_eq!(night.ledger("c").await, ["20T04:10 ran"]);
}

#[tokio::test]
async fn a_clock_that_is_set_fires_nothing_twice_and_stops_nothing() {
    let night = Night::new("20T00:00");
    let mut scheduler = night.start(daily()).await;
    for now in [
        "20T00:00", "20T04:10", "20T02:00", "20T04:00", "20T04:10", "21T04:10",
    ] {
        scheduler.slots.planner.queues.forget_offered();
        night.look(&mut scheduler, now).await;
    }
    assert_eq!(night.ledger("c").await, ["20T04:10 ran", "21T04:10 ran"]);
    // It was days ahead for a moment: the present goes on all the same.
    for now in ["28T05:00", "21T05:00", "22T04:10"] {
        scheduler.slots.planner.queues.forget_offered();
        night.look(&mut scheduler, now).await;
    }
    let ledger = night.ledger("c").await;
    assert_eq!(ledger.len(), 9, "one row for each day: {ledger:?}");
}

#[tokio::test]
async fn what_is_enabled_added_or_moved_runs_nothing_late() {
    let night = Night::new("20T00:00");
    let with = |change: fn(&mut Schedule)| {
        let tasks = [("c", Cadence::Daily), ("d", Cadence::Daily)];
        let mut schedule = schedule([group("g", "UTC", "04:10", &tasks)]);
        schedule.groups[0].catch_up.mode = CatchUpMode::All;
        schedule.groups[0].tasks[1].enabled = false;
        change(&mut schedule);
        schedule
    };
    let mut scheduler = night.start(with(|_| {})).await;
    night.look(&mut scheduler, "20T00:00").await;
    night.look(&mut scheduler, "20T04:10").await;
    drop(scheduler);
    // Enabled while no scheduler ran: `c` catches up two slots, `d` none.
    let mut scheduler = night
        .start(with(|schedule| schedule.groups[0].tasks[1].enabled = true))
        .await;
    night.look(&mut scheduler, "22T10:00").await;
    assert_eq!(
        night.ledger("c").await,
        ["20T04:10 ran", "21T04:10 ran", "22T04:10 ran"]
    );
    assert_eq!(
        night.ledger("d").await,
        ["20T04:10 skipped", "21T04:10 skipped", "22T04:10 skipped"]
    );
    drop(scheduler);
    // Moved to a time of today that has passed.
    let mut scheduler = night
        .start(with(|schedule| {
            schedule.groups[0].default_time = Some("09:00".parse().unwrap());
        }))
        .await;
    night.look(&mut scheduler, "22T11:00").await;
    assert_eq!(night.ledger("c").await.len(), 3);
    night.look(&mut scheduler, "23T09:00").await;
    assert_eq!(night.ledger("c").await[3], "23T09:00 ran");
}

#[tokio::test]
async fn days_on_which_nothing_is_due_have_their_rows_and_no_run() {
    let night = Night::new("20T00:00");
    // 2026-11-23 is a Monday.
    let weekly = schedule([group(
        "g",
        "UTC",
        "04:10",
        &[("c", weekly(jiff::civil::Weekday::Monday))],
    )]);
    let mut scheduler = night.start(weekly).await;
    for now in ["20T00:00", "21T05:00", "22T05:00", "23T04:10"] {
        night.look(&mut scheduler, now).await;
    }
    assert_eq!(
        night.ledger("c").await,
        [
            "20T04:10 skipped",
            "21T04:10 skipped",
            "22T04:10 skipped",
            "23T04:10 ran"
        ]
    );
}

#[tokio::test]
async fn a_pause_skips_its_group_in_batch_and_interval() {
    let night = Night::new("20T00:00");
    let both = schedule([
        group("g", "UTC", "04:10", &[("c", Cadence::Daily), ("i", interval(60))]),
        group("h", "UTC", "04:10", &[("d", Cadence::Daily), ("j", interval(60))]),
    ]);
    let mut scheduler = night.start(both).await;
    night.look(&mut scheduler, "20T03:30").await;
    let store = night.store().await;
    assert!(store.pause("g", at("20T03:40")).await.unwrap());
    assert!(!store.pause("g", at("20T03:41")).await.unwrap());
    night.look(&mut scheduler, "20T04:10").await;
    assert!(store.resume("g", at("20T04:20")).await.unwrap());
    night.look(&mut scheduler, "20T05:00").await;
    store.close().await;
    assert_eq!(night.ledger("c").await, ["20T04:10 skipped"]);
    assert_eq!(night.ledger("h/d").await, ["20T04:10 ran"]);
    assert_eq!(night.ledger("i").await, ["20T04:00 skipped", "20T05:00 ran"]);
    assert_eq!(night.ledger("h/j").await, ["20T04:00 ran", "20T05:00 ran"]);
}

/// There is no git in this environment, so nobody can tell.
#[tokio::test]
async fn a_release_check_that_cannot_tell_has_a_row_and_no_run_and_a_batch_marks_only_who_waits() {
    let night = Night::new("20T00:00");
    let tasks = [("c", Cadence::Daily), ("s", Cadence::OnRelease)];
    let mut waiting = schedule([group("g", "UTC", "04:10", &tasks)]);
    waiting.release.poll = Some(Duration::from_secs(3600));
    let mut scheduler = night.start(waiting).await;
    night.look(&mut scheduler, "20T03:30").await;
    night.look(&mut scheduler, "20T04:00").await;
    let store = night.store().await;
    let rows = store.ledger("g", "s", 1).await.unwrap();
    assert_eq!(
        (rows[0].entry.as_str(), rows[0].state),
        ("release:g", LedgerState::Skipped)
    );
    assert_eq!(
        rows[0].cause.as_deref(),
        Some("release unknown: git is not in PATH: install it")
    );
    assert_eq!(rows[0].run, None);
    store.close().await;
    let error = scheduler.status.read().release_error.clone();
    assert_eq!(error.as_deref(), Some("git is not in PATH: install it"));
    night.look(&mut scheduler, "20T04:10").await;
    assert_eq!(night.ledger("c").await, ["20T04:10 ran"]);
    // Slept through: the last look is made, and stands for the others.
    night.look(&mut scheduler, "20T08:59").await;
    assert_eq!(
        night.ledger("s").await,
        [
            "20T04:00", "20T04:10", "20T05:00", "20T06:00", "20T07:00", "20T08:00"
        ]
        .map(|slot| format!("{slot} skipped"))
    );
    let store = night.store().await;
    let rows = store.ledger("g", "s", 2).await.unwrap();
    let passed = rows[1].cause.clone().unwrap();
    assert!(
        passed.ends_with("the next look for releases takes its place"),
        "{passed}"
    );
    store.close().await;
}

/// Killed when a slot is claimed, and those that were passed over before it are not settled by
/// themselves yet: they came with it.
#[tokio::test]
async fn a_slot_that_is_claimed_leaves_none_behind_that_was_passed_over() {
    let night = Night::new("20T00:00");
    let mut scheduler = night.start(daily()).await;
    night.look(&mut scheduler, "20T00:00").await;
    let schedule = daily();
    let timetable = scheduler_timetable(&schedule);
    let slots = &mut scheduler.slots;
    let (mut timeline, situation) = slots.read_situation(&schedule, &timetable).await.unwrap();
    night.clock.set(at("23T10:00"));
    let due = SlotEvent::Due(timeline.tick(slots.now()));
    let decisions = slots.planner.decide(&situation, due, slots.now());
    slots.carry_out(decisions);
    slots.next_news().await;
    assert_eq!(slots.unsettled.len(), 3);
    drop(scheduler);
    assert_eq!(
        night.ledger("c").await,
        [
            "20T04:10 missed",
            "21T04:10 missed",
            "22T04:10 missed",
            "23T04:10 ran"
        ]
    );
}

/// Killed while a slot waits for its place, and the next one has been skipped for it: the
/// next scheduler finds both, because none is settled before the other.
#[tokio::test]
async fn a_slot_that_waits_is_not_lost_behind_one_that_was_skipped_for_it() {
    let night = Night::new("20T03:30");
    let hourly = || schedule([group("g", "UTC", "04:10", &[("i", interval(60))])]);
    // There is no place to run.
    let mut scheduler = night.start_with(hourly(), 0).await;
    let schedule = hourly();
    let timetable = scheduler_timetable(&schedule);
    let slots = &mut scheduler.slots;
    let (mut timeline, mut situation) = slots.read_situation(&schedule, &timetable).await.unwrap();
    for now in ["20T04:00", "20T05:00"] {
        night.clock.set(at(now));
        slots.tick(&mut timeline, &mut situation).await;
    }
    assert_eq!(slots.unsettled.len(), 1, "held back");
    assert_eq!(night.ledger("i").await, [""; 0]);
    drop(scheduler);
    let mut scheduler = night.start(hourly()).await;
    night.look(&mut scheduler, "20T05:00").await;
    assert_eq!(night.ledger("i").await, ["20T04:00 missed", "20T05:00 ran"]);
}

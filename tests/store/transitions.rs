//! Every change of state that the table does not have is refused by the database itself,
//! whoever asks for it; and every one that it has is possible.

use orchestrator::events::{RunEvent, SlotRef};
use orchestrator::model::{Because, Exit, Outcome};
use orchestrator::store::{PassedSlot, RowState, SlotState, SlotTask, StateChange, this_process};

use crate::run_events::{Home, Story, at};

on_both!(
    the_database_allows_what_the_table_has_and_nothing_else,
    no_event_makes_a_change_that_is_none,
);

/// What a row in this state holds: one list for inserting, one for updating to it.
fn columns(state: RowState) -> (&'static str, &'static str) {
    const RUN: &str = "runs";
    const TASK: &str = "tasks";
    const ATTEMPT: &str = "attempts";
    const LEDGER: &str = "ledger";
    match state {
        RowState::RunGoesOn => (
            RUN,
            "finished_at = null, success = null, exit_code = null, lost = null",
        ),
        RowState::RunFinished => (
            RUN,
            "finished_at = 6, success = false, exit_code = 1, lost = null",
        ),
        RowState::RunLost => (
            RUN,
            "finished_at = 6, success = false, exit_code = null, lost = 'why'",
        ),
        RowState::TaskOpen => (TASK, "outcome = null, reason = null"),
        RowState::TaskEnded => (TASK, "outcome = 'failed', reason = 'why'"),
        RowState::TaskGivenUp => (TASK, "outcome = 'skipped', reason = 'why'"),
        RowState::AttemptOpen => (ATTEMPT, "finished_at = null, outcome = null, reason = null"),
        RowState::AttemptEnded => (ATTEMPT, "finished_at = 6, outcome = 'failed', reason = 'why'"),
        RowState::AttemptLost => (ATTEMPT, "finished_at = 6, outcome = 'lost', reason = 'why'"),
        RowState::SlotDue => (LEDGER, "state = 'due', cause = null"),
        RowState::SlotRan => (LEDGER, "state = 'ran', cause = 'exited with code 0'"),
        RowState::SlotSkipped => (LEDGER, "state = 'skipped', cause = 'why'"),
        RowState::SlotMissed => (LEDGER, "state = 'missed', cause = 'why'"),
        RowState::SlotUnknown => (LEDGER, "state = 'unknown', cause = 'why'"),
    }
}

/// A row that was made in this state, and nothing else.
fn made(state: RowState) -> String {
    let (table, columns) = columns(state);
    let (names, values): (Vec<&str>, Vec<&str>) = columns
        .split(", ")
        .map(|column| column.split_once(" = ").unwrap())
        .unzip();
    let (names, values) = (names.join(", "), values.join(", "));
    let row = |table: &str, more: &str, fixed: &str| {
        format!("insert into {table} ({more}, {names}) values ({fixed}, {values});")
    };
    let run = "insert into runs (id, schedule, started_at, owner_host, owner_boot, owner_pid, owner_start)
               values ('r', 'daily', 5, 'h', 'b', 1, 1);";
    let task = "insert into tasks (run_id, position, run_started_at, group_name, command, args, schedule)
                values ('r', 1, 5, 'g', 'c', '[]', 'daily');";
    let rest = match table {
        "runs" => row(
            table,
            "id, schedule, started_at, owner_host, owner_boot, owner_pid, owner_start",
            "'r', 'daily', 5, 'h', 'b', 1, 1",
        ),
        "tasks" => {
            let row = row(
                table,
                "run_id, position, run_started_at, group_name, command, args, schedule",
                "'r', 1, 5, 'g', 'c', '[]', 'daily'",
            );
            format!("{run} {row}")
        }
        "attempts" => {
            let row = row(
                table,
                "run_id, position, number, started_at, log",
                "'r', 1, 1, 5, 'l'",
            );
            format!("{run} {task} {row}")
        }
        _ => {
            let row = row(
                table,
                "entry, slot, group_name, command, occurrence",
                "'e', 5, 'g', 'c', 1",
            );
            format!("insert into slots (entry, slot, claimed_at, run_id) values ('e', 5, 5, 'r'); {row}")
        }
    };
    format!("delete from runs; delete from slots; {rest}")
}

async fn the_database_allows_what_the_table_has_and_nothing_else(home: &Home) {
    home.open().await.close().await;
    let (mut legal, mut illegal) = (0, 0);
    for states in RowState::ALL {
        for (from, to) in states
            .iter()
            .flat_map(|from| states.iter().map(move |to| (*from, *to)))
        {
            // What is open may be touched, as long as it stays open; so may the reason of a loss.
            let stays = from == to;
            if stays
                && matches!(
                    from,
                    RowState::RunGoesOn | RowState::RunLost | RowState::TaskOpen | RowState::AttemptOpen
                )
            {
                continue;
            }
            home.sql(&made(from)).await;
            let (table, columns) = columns(to);
            let done = home.try_sql(&format!("update {table} set {columns}")).await;
            if StateChange::leads(from, to) {
                assert_eq!(done, Ok(()), "{from:?} to {to:?}");
                legal += 1;
            } else {
                let said = done.expect_err(&format!("{from:?} to {to:?} was done"));
                assert!(said.contains("again"), "{from:?} to {to:?}: {said}");
                illegal += 1;
            }
        }
    }
    // Of 22 in the table six only make rows.
    assert_eq!((legal, illegal), (16, 32));
    // A slot that is a run's does not become another's, nor nobody's.
    for other in ["'thief'", "null"] {
        home.sql(&made(RowState::SlotDue)).await;
        let done = home.try_sql(&format!("update slots set run_id = {other}")).await;
        assert!(done.unwrap_err().contains("taken again"), "{other}");
    }
}

/// What events can ask for is refused before a trigger has to.
async fn no_event_makes_a_change_that_is_none(home: &Home) {
    let store = home.open().await;
    let owner = this_process().unwrap();
    let failed = || Outcome::Failed(Exit::Code(3));
    let refused = async |before: &Story, after: &Story| {
        assert!(before.tell(&store).await.failure.is_none());
        let (_, error) = after.tell(&store).await.failure.expect("it was accepted");
        assert!(!error.may_pass(), "{error}");
        error.to_string()
    };
    let new = |id: &str| Story::new(id, 0, &["a", "b"], owner.clone());
    let with = |story: &Story, event: RunEvent| {
        let mut story = story.clone();
        story.events.push(event);
        story
    };
    // Each in a transaction of its own, so that it is the database that knows.
    let mut ended = new("ended");
    ended.does(failed());
    let (start, end) = (ended.events[1].clone(), ended.events[2].clone());
    let said = refused(&ended, &with(&ended, start)).await;
    assert!(said.contains("starting an attempt would change 0 rows"), "{said}");
    let mut twice = new("twice");
    twice.does(failed());
    let said = refused(&twice, &with(&twice, end)).await;
    assert!(said.contains("ending an attempt would change 0 rows"), "{said}");
    let mut retried = new("retried");
    retried.start(1).retry(1).start(2);
    let retry = retried.events[2].clone();
    retried.end(2, failed());
    let said = refused(&retried, &with(&retried, retry)).await;
    assert!(said.contains("ending an attempt would change 0 rows"), "{said}");
    let mut skipped = new("skipped");
    skipped.skip(Outcome::Skipped(Because::NoNewRelease));
    let skip = skipped.events[1].clone();
    let said = refused(&skipped, &with(&skipped, skip)).await;
    assert!(said.contains("ending a task would change 0 rows"), "{said}");
    // A run does not finish while a task is open, nor twice.
    let mut open = new("open");
    open.does(failed());
    let begun = open.clone();
    let said = refused(&begun, open.finish()).await;
    assert!(said.contains("finishing a run would change 0 rows"), "{said}");
    let mut done = new("done");
    done.does(failed()).does(failed()).finish();
    let finish = done.events.last().unwrap().clone();
    let said = refused(&done, &with(&done, finish)).await;
    assert!(said.contains("finishing a run would change 0 rows"), "{said}");
    // Nothing is due at a slot that nobody runs.
    let slot = SlotRef {
        entry: "group:g".into(),
        at: at(0),
    };
    let due = SlotTask {
        group: "g".into(),
        command: "a".into(),
        state: SlotState::Due,
    };
    let passed = PassedSlot {
        slot,
        tasks: vec![due],
    };
    let error = store.pass_over(&[passed], at(0)).await.unwrap_err();
    assert!(error.to_string().contains("no run takes it"), "{error}");
    assert_eq!(store.last_slot("group:g").await.unwrap(), None);
    store.close().await;
}

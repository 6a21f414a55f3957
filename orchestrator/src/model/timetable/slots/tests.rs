//! The timetable against the clock on the wall, minute by minute.

use std::collections::HashMap;

use jiff::civil::{Weekday, date};
use jiff::{SignedDuration, Span};
use proptest::prelude::*;

use super::*;
use crate::model::fixtures::{
    any_schedule, any_time, commands, cron, group, interval, monthly, schedule, weekly, workflow,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The only entry of a schedule with one group of these tasks.
fn with_entry<R>(zone: &str, time: &str, tasks: &[(&str, Cadence)], f: impl FnOnce(&Entry<'_>) -> R) -> R {
    let schedule = schedule([group("g", zone, time, tasks)]);
    let entries = timetable(&schedule);
    assert_eq!(entries.len(), 1);
    f(&entries[0])
}

fn daily_slots(zone: &str, time: &str, from: &str, to: &str) -> Vec<String> {
    with_entry(zone, time, &[("daily", Cadence::Daily)], |entry| {
        entry
            .slots(at(from), at(to))
            .map(|slot| slot.to_string())
            .collect()
    })
}

#[test]
fn entries_are_groups_then_intervals_then_the_fixed_list() {
    let mut schedule = schedule([
        group(
            "only_intervals",
            "UTC",
            "01:00",
            &[("a", interval(60)), ("b", interval(15))],
        ),
        group(
            "mixed",
            "UTC",
            "02:00",
            &[("c", interval(15)), ("d", Cadence::OnRelease)],
        ),
        group("empty", "UTC", "03:00", &[]),
        group(
            "disabled",
            "UTC",
            "04:00",
            &[("e", Cadence::Daily), ("f", interval(30))],
        ),
    ]);
    for task in &mut schedule.groups[3].tasks {
        task.enabled = false;
    }
    schedule.workflow = Some(workflow(Some("05:00"), &["w"]));
    let lines: Vec<String> = timetable(&schedule)
        .iter()
        .map(|entry| {
            format!(
                "{} {}",
                entry.key(),
                commands(entry.tasks().iter().copied()).join(",")
            )
        })
        .collect();
    assert_eq!(
        lines,
        ["group:mixed d", "interval:60 a", "interval:15 b,c", "workflow w"]
    );
    schedule.workflow = Some(workflow(None, &["w"]));
    assert_eq!(timetable(&schedule).len(), 3);
    schedule.workflow = Some(workflow(Some("05:00"), &[]));
    assert_eq!(timetable(&schedule).len(), 3);
}

#[test]
fn cron_tasks_have_an_entry_for_each_expression_and_zone_beside_the_batches() {
    let hourly = "0 * * * *";
    let mut without_batch = group(
        "later",
        "Europe/Berlin",
        "00:00",
        &[("e", cron(hourly)), ("f", cron(hourly))],
    );
    without_batch.default_time = None;
    let schedule = schedule([
        group(
            "g",
            "UTC",
            "04:10",
            &[("a", cron(hourly)), ("b", Cadence::Daily), ("c", interval(15))],
        ),
        group("h", "UTC", "04:10", &[("d", cron("0  *  * * *"))]),
        without_batch,
    ]);
    let timetable = timetable(&schedule);
    let lines: Vec<String> = timetable
        .iter()
        .map(|entry| {
            format!(
                "{} {}",
                entry.key(),
                commands(entry.tasks().iter().copied()).join(",")
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "group:g b",
            "cron:UTC:0 * * * * a,d",
            "interval:15 c",
            "cron:Europe/Berlin:0 * * * * e,f",
        ]
    );
    let entry = &timetable[1];
    let slot = at("2026-11-25T13:00:00Z");
    assert_eq!(entry.next_due_after(at("2026-11-25T12:00:00Z")), Some(slot));
    assert_eq!(commands(entry.due(slot)), ["a", "d"]);
    assert_eq!(entry.date(slot), Some(date(2026, 11, 25)));
    assert!(entry.due(at("2026-11-25T13:00:01Z")).is_empty());
    assert_eq!(entry.date(at("2026-11-25T13:01:00Z")), None);
    assert!(entry.group().is_none() && entry.time_of_day().is_none() && entry.step().is_none());
}

#[test]
fn intervals_lie_on_the_grid_since_1970() {
    with_entry("Europe/Berlin", "04:10", &[("poll", interval(7))], |entry| {
        let slots: Vec<_> = entry
            .slots(at("1970-01-01T00:00:00Z"), at("1970-01-01T00:21:00Z"))
            .collect();
        assert_eq!(
            slots.iter().map(|slot| slot.as_second()).collect::<Vec<_>>(),
            [420, 840, 1260]
        );
        assert_eq!(
            entry.next_after(at("1969-12-31T23:59:59.5Z")),
            Some(Timestamp::UNIX_EPOCH)
        );
        assert_eq!(
            entry.next_after(at("1969-12-31T23:53:00Z")),
            Some(Timestamp::UNIX_EPOCH)
        );
        assert_eq!(commands(entry.due(slots[0])), ["poll"]);
        assert_eq!(entry.date(slots[0]), Some(date(1970, 1, 1)));
        let off_the_grid = at("1970-01-01T00:07:00.000000001Z");
        assert!(entry.due(off_the_grid).is_empty());
        assert_eq!(entry.date(off_the_grid), None);
        assert!(entry.group().is_none() && entry.time_of_day().is_none());
    });
}

#[test]
fn what_is_due_goes_by_the_slots_date_in_the_groups_zone() {
    let tasks = [
        ("daily", Cadence::Daily),
        ("wed", weekly(Weekday::Wednesday)),
        ("thu", weekly(Weekday::Thursday)),
        ("sync", Cadence::OnRelease),
        ("m26", monthly(26)),
    ];
    with_entry("Pacific/Kiritimati", "04:10", &tasks, |entry| {
        let slot = entry.next_after(at("2026-11-25T12:00:00Z")).unwrap();
        assert_eq!(slot, at("2026-11-25T14:10:00Z"));
        assert_eq!(entry.date(slot), Some(date(2026, 11, 26)));
        assert_eq!(commands(entry.due(slot)), ["daily", "thu", "sync", "m26"]);
        assert!(entry.due(at("2026-11-25T14:11:00Z")).is_empty());
    });
}

#[test]
fn a_skipped_time_fires_at_the_jump() {
    let slots = daily_slots(
        "Europe/Berlin",
        "02:30",
        "2026-03-28T00:00:00Z",
        "2026-03-30T12:00:00Z",
    );
    assert_eq!(
        slots,
        [
            "2026-03-28T01:30:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:30:00Z"
        ]
    );
}

#[test]
fn a_time_that_occurs_twice_fires_once() {
    let slots = daily_slots(
        "Europe/Berlin",
        "02:30",
        "2026-10-24T00:00:00Z",
        "2026-10-26T12:00:00Z",
    );
    assert_eq!(
        slots,
        [
            "2026-10-24T00:30:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z"
        ]
    );
}

#[test]
fn a_slot_that_slips_past_midnight_keeps_its_date() {
    let tasks = [
        ("sat", weekly(Weekday::Saturday)),
        ("sun", weekly(Weekday::Sunday)),
    ];
    with_entry("America/Nuuk", "23:30", &tasks, |entry| {
        let slot = entry.next_after(at("2026-03-28T12:00:00Z")).unwrap();
        assert_eq!(slot, at("2026-03-29T01:00:00Z"));
        assert_eq!(
            entry.time_of_day().unwrap().1.to_datetime(slot),
            date(2026, 3, 29).at(0, 0, 0, 0)
        );
        assert_eq!(entry.date(slot), Some(date(2026, 3, 28)));
        assert_eq!(commands(entry.due(slot)), ["sat"]);
        let next = entry.next_after(slot).unwrap();
        assert_eq!(commands(entry.due(next)), ["sun"]);
    });
}

#[test]
fn a_date_that_a_zone_skipped_fires_as_it_is_skipped() {
    let tasks = [
        ("daily", Cadence::Daily),
        ("fri", weekly(Weekday::Friday)),
        ("sat", weekly(Weekday::Saturday)),
    ];
    let due = |time| {
        with_entry("Pacific/Apia", time, &tasks, |entry| {
            entry
                .slots(at("2011-12-29T18:00:00Z"), at("2011-12-30T23:00:00Z"))
                .map(|slot| {
                    format!(
                        "{slot} {} {}",
                        entry.date(slot).unwrap(),
                        commands(entry.due(slot)).join(",")
                    )
                })
                .collect::<Vec<_>>()
        })
    };
    // 29 December ends at 10:00Z; 31 December begins.
    assert_eq!(
        due("04:10"),
        [
            "2011-12-30T10:00:00Z 2011-12-30 daily,fri",
            "2011-12-30T14:10:00Z 2011-12-31 daily,sat"
        ]
    );
    // At midnight both dates fall on the jump: one slot, nothing twice, nothing lost.
    assert_eq!(due("00:00"), ["2011-12-30T10:00:00Z 2011-12-31 daily,fri,sat"]);
}

#[test]
fn leap_days_have_their_slot() {
    let slots = daily_slots("UTC", "04:10", "2028-02-28T00:00:00Z", "2028-03-01T23:00:00Z");
    assert_eq!(
        slots,
        [
            "2028-02-28T04:10:00Z",
            "2028-02-29T04:10:00Z",
            "2028-03-01T04:10:00Z"
        ]
    );
    with_entry("UTC", "04:10", &[("m29", monthly(29))], |entry| {
        let mut after = at("2027-02-01T00:00:00Z");
        let mut februaries = Vec::new();
        while februaries.len() < 2 {
            after = entry.next_due_after(after).unwrap();
            let day = entry.date(after).unwrap();
            februaries.extend((day.month() == 2).then_some(day));
        }
        assert_eq!(februaries, [date(2027, 2, 28), date(2028, 2, 29)]);
    });
}

#[test]
fn the_ends_of_time_have_no_next_slot() {
    for cadence in [Cadence::Daily, monthly(31), interval(180), cron("30 */5 * * *")] {
        for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"] {
            with_entry(zone, "23:59", &[("c", cadence.clone())], |entry| {
                assert_eq!(entry.next_after(Timestamp::MAX), None);
                assert_eq!(entry.next_due_after(Timestamp::MAX), None);
                assert!(entry.next_after(Timestamp::MIN).is_some());
                let last_days = Timestamp::MAX - SignedDuration::from_hours(100);
                assert!(entry.slots(last_days, Timestamp::MAX).count() < 500);
                entry.due(Timestamp::MIN);
                entry.due(Timestamp::MAX);
            });
        }
    }
}

/// The slots of every time of day on a grid of `step`, found by watching the clock on
/// the wall: whatever date and time it newly reaches or passes, fires. `step` must
/// divide the offsets of the zone and the moments at which they change.
fn watch(
    zone: &TimeZone,
    from: Timestamp,
    to: Timestamp,
    step: SignedDuration,
) -> HashMap<Time, Vec<Timestamp>> {
    let mut slots: HashMap<Time, Vec<Timestamp>> = HashMap::new();
    let mut highest = zone.to_datetime(from);
    let mut now = from;
    while now < to {
        now += step;
        while highest < zone.to_datetime(now) {
            highest += step;
            let of_this_time = slots.entry(highest.time()).or_default();
            if of_this_time.last() != Some(&now) {
                of_this_time.push(now);
            }
        }
    }
    slots
}

/// Compares the entry of each time of day on the grid with the clock on the wall.
fn agrees_with_the_wall(zone: &str, from: Timestamp, to: Timestamp, step: SignedDuration) {
    let mut group = group("g", zone, "00:00", &[("daily", Cadence::Daily)]);
    let expected = watch(&group.timezone, from, to, step);
    assert_eq!(expected.len(), usize::try_from(24 * 60 / step.as_mins()).unwrap());
    for (time, expected) in expected {
        group.default_time = Some(time);
        let schedule = schedule([group.clone()]);
        let entry = &timetable(&schedule)[0];
        let slots: Vec<Timestamp> = entry.slots(from, to).collect();
        assert!(slots.is_sorted_by(|a, b| a < b), "{zone} {time}");
        assert_eq!(slots, expected, "{zone} {time}");
    }
}

const ZONES: [(&str, i16); 9] = [
    ("UTC", 2026),
    ("Europe/Berlin", 2026),
    ("America/Sao_Paulo", 2017),
    ("Australia/Lord_Howe", 2026),
    ("Pacific/Apia", 2011),
    ("Pacific/Kwajalein", 1993),
    ("America/Nuuk", 2026),
    ("Africa/Casablanca", 2026),
    ("Antarctica/Troll", 2026),
];

fn start_of(year: i16) -> Timestamp {
    TimeZone::UTC
        .to_timestamp(date(year, 1, 1).at(0, 0, 0, 0))
        .unwrap()
}

#[test]
fn two_years_of_every_half_hour_agree_with_the_clock_on_the_wall() {
    // The first five: the minutes about the jumps of the others are tested below.
    for &(zone, year) in &ZONES[..5] {
        let step = SignedDuration::from_mins(30);
        agrees_with_the_wall(zone, start_of(year), start_of(year + 2), step);
    }
}

#[test]
fn every_minute_about_a_transition_agrees_with_the_clock_on_the_wall() {
    for (zone, year) in ZONES {
        let tz = TimeZone::get(zone).unwrap();
        for transition in tz.following(start_of(year)).take(2) {
            let middle = transition.timestamp();
            let day = SignedDuration::from_hours(30);
            agrees_with_the_wall(zone, middle - day, middle + day, SignedDuration::from_mins(1));
        }
    }
}

#[test]
fn a_simulated_century_fires_each_batch_once_for_each_date() {
    with_entry("Europe/Berlin", "02:30", &[("daily", Cadence::Daily)], |entry| {
        let (from, to) = (at("2000-01-01T00:00:00Z"), at("2100-01-01T00:00:00Z"));
        let mut day = date(2000, 1, 1);
        for slot in entry.slots(from, to) {
            assert_eq!(entry.date(slot), Some(day));
            day = day.tomorrow().unwrap();
        }
        assert_eq!(day, date(2100, 1, 1));
    });
}

proptest! {
    #[test]
    fn the_next_slot_is_later_is_a_slot_and_leaves_none_out(
        (zone, year) in prop::sample::select(&ZONES[..]),
        time in any_time(),
        second in 0i64..63_072_000,
    ) {
        let after = start_of(year) + Span::new().seconds(second);
        with_entry(zone, &time.to_string(), &[("daily", Cadence::Daily)], |entry| {
            let next = entry.next_after(after).unwrap();
            assert!(next > after);
            assert!(entry.date(next).is_some());
            // The same from anywhere between.
            assert_eq!(entry.next_after(next - SignedDuration::from_nanos(1)), Some(next));
            let second_next = entry.next_after(next).unwrap();
            assert!(second_next > next);
            assert!(second_next - next <= SignedDuration::from_hours(49));
        });
    }

    #[test]
    fn a_due_slot_is_the_first_slot_at_which_something_is_due(schedule in any_schedule(), hour in 0i64..20_000) {
        let after = start_of(2026) + Span::new().hours(hour);
        for entry in timetable(&schedule) {
            let next = entry.next_due_after(after).unwrap();
            let skipped = entry.slots(after, next).filter(|&slot| slot != next);
            prop_assert!(!entry.due(next).is_empty());
            for slot in skipped {
                prop_assert!(entry.due(slot).is_empty());
            }
        }
    }

    #[test]
    fn each_enabled_task_is_in_exactly_one_entry(schedule in any_schedule()) {
        let entries = timetable(&schedule);
        let mut found: Vec<&str> = entries.iter().flat_map(|entry| commands(entry.tasks().iter().copied())).collect();
        found.sort_unstable();
        let groups = schedule.group_tasks();
        let all = groups.chain(schedule.workflow.iter().flat_map(|workflow| &workflow.tasks));
        prop_assert_eq!(found, commands(all.filter(|task| task.enabled)));
    }
}

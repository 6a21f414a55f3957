//! The timeline against a reference that knows nothing but clocks on walls: it looks at
//! every minute of two years in four zones, and keeps no slots, only the last date that
//! it has done.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nix::time::{ClockId, clock_gettime};
use proptest::prelude::*;

use crate::model::fixtures::{commands, group, interval, monthly, schedule, weekly};
use crate::model::{Cadence, Schedule, timetable};
use crate::scheduler::planning::due_slots::{SlotVerdict, Timeline};

/// What was started when: by instant and entry, the collectors in order.
type Started = BTreeMap<(Timestamp, String), String>;

const ZONES: [&str; 4] = ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC"];

/// Two years that hold a leap day and two changes of each zone's clocks, those of Sao
/// Paulo included: it changed them at midnight, and for the last time in 2019.
fn years() -> (Timestamp, Timestamp) {
    let at = |text: &str| text.parse().unwrap();
    (at("2015-07-01T00:00:00Z"), at("2017-07-01T00:00:00Z"))
}

/// Every minute, one after another.
fn minutes() -> impl Iterator<Item = Timestamp> {
    let (from, to) = years();
    (from.as_second() / 60..=to.as_second() / 60)
        .skip(1)
        .map(|minute| Timestamp::from_second(minute * 60).unwrap())
}

fn due_on(cadence: &Cadence, date: Date) -> bool {
    match cadence {
        Cadence::Daily | Cadence::OnRelease => true,
        Cadence::Weekly(weekday) => date.weekday() == *weekday,
        Cadence::Monthly(day) => date.day() == day.get().min(date.days_in_month()),
        Cadence::Interval(_) | Cadence::Cron(_) => false,
    }
}

/// A batch, by looking at its wall clock each minute.
fn reference_batch(zone: &str, at: Time, tasks: &[(&str, Cadence)]) -> Started {
    let zone = TimeZone::get(zone).unwrap();
    let shown = |minute: Timestamp| zone.to_datetime(minute);
    let reached = |minute: Timestamp| {
        let now = shown(minute);
        if now.time() >= at {
            now.date()
        } else {
            now.date().yesterday().unwrap()
        }
    };
    let mut started = Started::new();
    let mut done = reached(years().0);
    for minute in minutes() {
        let date = reached(minute);
        if date <= done {
            continue;
        }
        let dates: Vec<Date> = std::iter::successors(done.tomorrow().ok(), |date| date.tomorrow().ok())
            .take_while(|next| *next <= date)
            .collect();
        done = date;
        let due = |cadence: &Cadence| dates.iter().any(|&date| due_on(cadence, date));
        let names: Vec<&str> = tasks
            .iter()
            .filter(|(_, cadence)| due(cadence))
            .map(|(name, _)| *name)
            .collect();
        started.insert((minute, "group:g".to_owned()), names.join(","));
    }
    started
}

fn reference_interval(every: i64) -> Started {
    minutes()
        .filter(|minute| (minute.as_second() / 60) % every == 0)
        .map(|minute| ((minute, format!("interval:{every}")), "poll".to_owned()))
        .collect()
}

/// What the timeline starts if it is woken exactly when it asks for it, and how often it was.
fn simulated(schedule: &Schedule) -> (Started, usize) {
    let timetable = timetable(schedule);
    let (from, to) = years();
    let mut timeline = Timeline::new(&timetable, timetable.iter().map(|_| from));
    let (mut started, mut woken) = (Started::new(), 0);
    while let Some(now) = timeline.next().filter(|next| *next <= to) {
        woken += 1;
        for due in timeline.tick(now) {
            let entry = &timetable[due.entry];
            for (slot, verdict) in due.slots {
                assert_eq!(slot, now, "woken at the slot itself");
                let names = commands(entry.due(slot)).join(",");
                let expected = if names.is_empty() {
                    SlotVerdict::Idle
                } else {
                    SlotVerdict::Run
                };
                assert_eq!(verdict, expected);
                let before = started.insert((slot, entry.key().to_string()), names);
                assert_eq!(before, None, "twice");
            }
        }
    }
    (started, woken)
}

const TASKS: [(&str, Cadence); 3] = [
    ("daily", Cadence::Daily),
    ("weekly", Cadence::Weekly(Weekday::Monday)),
    ("release", Cadence::OnRelease),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn every_slot_of_two_years_agrees_with_the_clock_on_the_wall(
        zone in prop::sample::select(&ZONES[..]),
        // Most of all where clocks change.
        (hour, minute) in (prop_oneof![Just(0_i8), Just(1), Just(2), Just(23), 0..24_i8], 0..60_i8),
        day in 28..=31_i64,
    ) {
        let at = Time::constant(hour, minute, 0, 0);
        let mut tasks = TASKS.to_vec();
        tasks.push(("monthly", monthly(day)));
        let schedule = schedule([group("g", zone, &format!("{hour:02}:{minute:02}"), &tasks)]);
        prop_assert_eq!(simulated(&schedule).0, reference_batch(zone, at, &tasks));
    }
}

#[test]
fn each_zone_agrees_in_its_hours_of_change() {
    for (zone, at) in [
        ("Europe/Berlin", "02:30"),
        ("America/Sao_Paulo", "00:00"),
        ("Australia/Lord_Howe", "02:15"),
        ("UTC", "00:00"),
    ] {
        let tasks = [("only", weekly(Weekday::Sunday)), ("last", monthly(31))];
        let schedule = schedule([group("g", zone, at, &tasks)]);
        let (started, _) = simulated(&schedule);
        assert_eq!(
            started,
            reference_batch(zone, at.parse().unwrap(), &tasks),
            "{zone}"
        );
        // One slot each date, and 2016 had 366.
        assert!((731..=732).contains(&started.len()), "{zone}: {}", started.len());
    }
}

#[test]
fn intervals_agree_and_are_the_same_in_every_zone() {
    for every in [1, 7, 15, 90, 180] {
        let schedule = schedule([group(
            "g",
            "Australia/Lord_Howe",
            "04:10",
            &[("poll", interval(every))],
        )]);
        assert_eq!(simulated(&schedule).0, reference_interval(every), "every {every}");
    }
}

/// Of this thread's CPU, because the machine may be busy with other things.
fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// How many slots come in two years, and what the timeline takes for them, alone.
fn swept(schedule: &Schedule) -> (usize, Duration) {
    let timetable = timetable(schedule);
    let (from, to) = years();
    let begin = cpu();
    let mut timeline = Timeline::new(&timetable, timetable.iter().map(|_| from));
    let mut slots = 0;
    while let Some(now) = timeline.next().filter(|next| *next <= to) {
        slots += timeline
            .tick(now)
            .iter()
            .map(|due| due.slots.len())
            .sum::<usize>();
    }
    (slots, cpu() - begin)
}

/// Milliseconds where it is optimized; the figures are in docs/performance.md. A debug
/// build is allowed more.
#[test]
fn two_simulated_years_take_milliseconds() {
    let limit = Duration::from_millis(if cfg!(debug_assertions) { 1000 } else { 100 });
    let tasks = [
        ("d", Cadence::Daily),
        ("w", weekly(Weekday::Monday)),
        ("m", monthly(31)),
        ("r", Cadence::OnRelease),
    ];
    for zone in ZONES {
        let (slots, took) = swept(&schedule([group("g", zone, "02:30", &tasks)]));
        eprintln!("{zone}: {slots} slots of two years in {took:?}");
        assert!((731..=732).contains(&slots), "{slots}");
        assert!(took < limit, "{zone}: {took:?}");
    }
    let (slots, took) = swept(&schedule([group("g", "UTC", "02:30", &[("i", interval(15))])]));
    eprintln!("an interval of 15 minutes: {slots} slots of two years in {took:?}");
    assert_eq!(slots, 731 * 96);
    assert!(took < limit, "{took:?}");
}

/// Woken only when there is something to say.
#[test]
fn it_sleeps_in_between() {
    let groups = ZONES.map(|zone| {
        group(
            zone,
            zone,
            "02:30",
            &[("c", Cadence::Daily), ("i", interval(180))],
        )
    });
    let (started, woken) = simulated(&schedule(groups));
    assert!(started.len() > 4 * 730 + 730 * 8, "{}", started.len());
    assert!(woken <= started.len());
}

#[test]
fn ten_thousand_groups_are_no_burden() {
    let groups = (0..10_000).map(|index| {
        let at = format!("{:02}:{:02}", index % 24, index % 60);
        group(
            &format!("g{index}"),
            ZONES[index % 4],
            &at,
            &[("c", Cadence::Daily)],
        )
    });
    let schedule = schedule(groups);
    let timetable = timetable(&schedule);
    let from = years().0;
    let mut timeline = Timeline::new(&timetable, timetable.iter().map(|_| from));
    let end = from + SignedDuration::from_hours(24);
    let (mut count, mut longest) = (0, Duration::ZERO);
    while let Some(now) = timeline.next().filter(|next| *next <= end) {
        let begin = Instant::now();
        count += timeline.tick(now).len();
        longest = longest.max(begin.elapsed());
    }
    assert_eq!(count, 10_000, "each once a day");
    eprintln!("the longest of the ticks of 10,000 groups took {longest:?}");
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}

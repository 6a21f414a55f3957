//! The watchdog without a process and without a clock.

use proptest::prelude::*;

use super::*;

/// What it orders when it looks once per tick and always sees the same, with the
/// second in which it does.
fn orders(seconds: u64, sight: Sight, heard: bool) -> Vec<(u64, WatchdogOrder)> {
    let mut watchdog = Watchdog::new(Duration::ZERO);
    (1..=seconds)
        .filter_map(|second| {
            let order = watchdog.look(Duration::from_secs(second), sight, heard)?;
            Some((second, order))
        })
        .collect()
}

#[test]
fn a_stopped_one_is_continued_at_once_and_killed_two_seconds_later() {
    assert_eq!(
        orders(3, Sight::Stopped, false),
        [
            (1, WatchdogOrder::Continue(Trouble::Stopped)),
            (2, WatchdogOrder::Continue(Trouble::Stopped)),
            (3, WatchdogOrder::Kill(Trouble::Stopped))
        ]
    );
    // Whatever it has said before.
    assert_eq!(orders(3, Sight::Stopped, true).len(), 3);
}

#[test]
fn one_that_does_not_answer_twice_is_continued_and_killed() {
    assert_eq!(
        orders(17, Sight::Asleep, false),
        [
            (5, WatchdogOrder::Ping),
            (10, WatchdogOrder::Ping),
            (15, WatchdogOrder::Continue(Trouble::Silent)),
            (16, WatchdogOrder::Continue(Trouble::Silent)),
            (17, WatchdogOrder::Kill(Trouble::Silent))
        ]
    );
}

#[test]
fn busy_frozen_and_talking_ones_are_left_alone() {
    for sight in [Sight::Busy, Sight::Frozen] {
        assert_eq!(orders(1000, sight, false), []);
    }
    assert_eq!(orders(1000, Sight::Asleep, true), []);
}

#[test]
fn one_that_goes_on_is_well_again() {
    let mut watchdog = Watchdog::new(Duration::ZERO);
    let mut look = |second, sight| watchdog.look(Duration::from_secs(second), sight, false);
    assert_eq!(
        look(1, Sight::Stopped),
        Some(WatchdogOrder::Continue(Trouble::Stopped))
    );
    assert_eq!(look(2, Sight::Asleep), None);
    assert_eq!(
        look(3, Sight::Stopped),
        Some(WatchdogOrder::Continue(Trouble::Stopped))
    );
    assert_eq!(
        look(4, Sight::Stopped),
        Some(WatchdogOrder::Continue(Trouble::Stopped))
    );
    assert_eq!(
        look(5, Sight::Stopped),
        Some(WatchdogOrder::Kill(Trouble::Stopped))
    );
    assert_eq!(look(6, Sight::Dead), Some(WatchdogOrder::Continue(Trouble::Dead)));
    assert_eq!(look(7, Sight::Dead), Some(WatchdogOrder::Kill(Trouble::Dead)));
}

#[test]
fn who_was_away_judges_nobody() {
    let mut watchdog = Watchdog::new(Duration::ZERO);
    let mut look = |second, sight| watchdog.look(Duration::from_secs(second), sight, false);
    assert_eq!(
        look(1, Sight::Stopped),
        Some(WatchdogOrder::Continue(Trouble::Stopped))
    );
    // Suspended together, and awake a moment earlier.
    assert_eq!(
        look(3600, Sight::Stopped),
        Some(WatchdogOrder::Continue(Trouble::Stopped))
    );
    assert_eq!(
        look(3601, Sight::Stopped),
        Some(WatchdogOrder::Continue(Trouble::Stopped))
    );
    assert_eq!(
        look(3602, Sight::Stopped),
        Some(WatchdogOrder::Kill(Trouble::Stopped))
    );
}

fn sight() -> impl Strategy<Value = Sight> {
    prop_oneof![
        Just(Sight::Stopped),
        Just(Sight::Asleep),
        Just(Sight::Busy),
        Just(Sight::Frozen),
        Just(Sight::Dead)
    ]
}

proptest! {
    /// Before SIGKILL come SIGCONT and two seconds of being looked at without a gap, in
    /// which it never ran, was never frozen and, if awake, was never heard.
    #[test]
    fn nobody_is_killed_without_warning(
        looks in prop::collection::vec((0_u64..6000, sight(), any::<bool>()), 0..200)
    ) {
        let mut now = Duration::ZERO;
        let mut watchdog = Watchdog::new(now);
        let mut warned: Option<Moment> = None;
        for (millis, sight, heard) in looks {
            let gap = Duration::from_millis(millis);
            now += gap;
            let order = watchdog.look(now, sight, heard);
            let fine = match sight {
                Sight::Busy | Sight::Frozen => true,
                Sight::Asleep => heard,
                Sight::Stopped | Sight::Dead => false,
            };
            if fine || gap > AWAY {
                warned = None;
            }
            match order {
                Some(WatchdogOrder::Kill(_)) => {
                    prop_assert!(warned.is_some_and(|at| now - at >= LAST_CHANCE));
                    warned = Some(now);
                }
                Some(WatchdogOrder::Continue(_)) => warned = warned.or(Some(now)),
                Some(WatchdogOrder::Ping) => prop_assert_eq!((sight, heard), (Sight::Asleep, false)),
                None => {}
            }
        }
    }

    /// Whatever came before, one that stays stopped is killed soon.
    #[test]
    fn one_that_stays_stopped_is_killed(
        before in prop::collection::vec((0_u64..6000, sight(), any::<bool>()), 0..50)
    ) {
        let mut now = Duration::ZERO;
        let mut watchdog = Watchdog::new(now);
        for (millis, sight, heard) in before {
            now += Duration::from_millis(millis);
            let _ = watchdog.look(now, sight, heard);
        }
        let killed = (0..4).any(|_| {
            now += TICK;
            matches!(watchdog.look(now, Sight::Stopped, false), Some(WatchdogOrder::Kill(_)))
        });
        prop_assert!(killed);
    }
}

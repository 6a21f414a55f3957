//! Schedulers as processes of their own: killed, doubled, and taken over from.

use std::fs;
use std::time::Duration;

use crate::cluster::cluster;
use crate::fast::{EVERY_MINUTE, Fast, random, stop};
use crate::support::{Place, wait_until};

#[test]
fn fifty_kills_at_random_moments_lose_no_slot_and_double_none() {
    let fast = Fast::new(EVERY_MINUTE, None);
    for round in 0..50_u64 {
        let mut beat = fast.start(&["-q", "beat"]);
        // The moment is the random part of this test; nothing is waited for.
        std::thread::sleep(Duration::from_millis(random(round) % 700));
        beat.kill().unwrap();
        beat.wait().unwrap();
        fast.place.wait_until_gone();
    }
    let before = fast.ran().len();
    let beat = fast.start(&["-q", "beat"]);
    wait_until("slots after the last kill", || fast.ran().len() > before + 3);
    assert_eq!(stop(beat), Some(0));
    fast.place.wait_until_gone();
    let ran = fast.ran();
    assert!(ran.len() > 20, "{ran:?}");
    fast.is_whole(&ran);
}

/// Two schedulers on one database: one stands by, and takes over when the other is killed.
fn two_share(one: &Fast, two: &Fast) {
    let mut first = one.start(&["-q", "beat", "--log-level", "info"]);
    wait_until("the first to fire", || one.ran().len() > 3);
    let second = two.start(&["beat"]);
    wait_until("the second to stand by", || {
        two.said().contains("leads; this one stands by")
    });
    let fired = one.ran().len();
    wait_until("more slots", || one.ran().len() > fired + 10);
    first.kill().unwrap();
    first.wait().unwrap();
    two.wait_for("this scheduler leads");
    let fired = one.ran().len() + two.ran().len();
    wait_until("slots of the second", || {
        one.ran().len() + two.ran().len() > fired + 10
    });
    assert_eq!(stop(second), Some(0), "{}", two.said());
}

#[test]
fn two_on_one_file_fire_each_slot_once() {
    let one = Fast::new(EVERY_MINUTE, None);
    two_share(&one, &one);
    one.place.wait_until_gone();
    one.is_whole(&one.ran());
}

#[test]
fn two_on_one_server_fire_each_slot_once() {
    let one = Fast::new(EVERY_MINUTE, Some(cluster().database()));
    let two = one.beside(EVERY_MINUTE);
    two_share(&one, &two);
    one.place.wait_until_gone();
    two.place.wait_until_gone();
    // What the first had not told its database when it was killed is in its journal.
    one.command(&["history"]).output().unwrap();
    let mut ran = one.ran();
    ran.extend(two.ran());
    one.is_whole(&ran);
}

#[test]
fn without_a_valid_schedule_nothing_starts() {
    for verb in ["beat", "serve"] {
        let place =
            Place::new("groups: {g: {default_time: \"25:10\", tasks: [{command: c, schedule: daily}]}}");
        let seen = place.run(&[verb]);
        seen.exits(2)
            .says("default_time")
            .says("boost_collector_schedule.yaml:1:");
        fs::remove_file(place.path("config/boost_collector_schedule.yaml")).unwrap();
        place.run(&[verb]).exits(2).says("boost_collector_schedule.yaml");
        assert!(!place.state().exists(), "nothing was made");
    }
}

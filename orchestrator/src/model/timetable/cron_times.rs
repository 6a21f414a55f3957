//! The instants of a cron expression in a zone. Pure arithmetic, like `slots`.
//!
//! Times of day (fixed minute and hour) follow the rule of `default_time`: one that the
//! clocks skip comes at the jump, one that they show twice comes once, the first time. What
//! says how often (`*` or a step from it in minute or hour) goes by elapsed time: it comes
//! whenever the clocks show a time that matches, twice where they show it twice, and not at
//! all where they skip it. So does the cron of Vixie.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::model::selection::cron::CronExpression;
use crate::model::timetable::calendar::first_instant;

/// When an expression matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CronTime {
    pub(crate) at: Timestamp,
    /// The date of the time that matched; not always the one that is shown at a jump.
    pub(crate) date: Date,
}

/// The first time strictly after `after`; `None` at the end of the years that can be computed.
pub(crate) fn next_cron_time(cron: &CronExpression, zone: &TimeZone, after: Timestamp) -> Option<CronTime> {
    if cron.is_by_elapsed_time() {
        next_by_elapsed_time(cron, zone, after)
    } else {
        next_time_of_day(cron, zone, after)
    }
}

fn next_time_of_day(cron: &CronExpression, zone: &TimeZone, after: Timestamp) -> Option<CronTime> {
    // What the clocks show now, and all before it, has been.
    let mut from = whole_minute(zone.to_datetime(after))?
        .checked_add(1.minute())
        .ok()?;
    loop {
        let matched = cron.next_match(from)?;
        let at = first_instant(zone, matched)?;
        if at > after {
            return Some(CronTime {
                at,
                date: matched.date(),
            });
        }
        from = matched.checked_add(1.minute()).ok()?;
    }
}

/// Between two changes of the clocks, time is a line: the search goes from line to line.
fn next_by_elapsed_time(cron: &CronExpression, zone: &TimeZone, after: Timestamp) -> Option<CronTime> {
    let mut start = after.checked_add(1.nanosecond()).ok()?;
    loop {
        let offset = zone.to_offset(start);
        let end = zone.following(start).next().map(|change| change.timestamp());
        let found = minute_from(offset.to_datetime(start)).and_then(|from| {
            let matched = cron.next_match(from)?;
            let at = offset.to_timestamp(matched).ok()?;
            Some(CronTime {
                at,
                date: matched.date(),
            })
        });
        match (found, end) {
            (Some(found), end) if end.is_none_or(|end| found.at < end) => return Some(found),
            (_, end) => start = end?,
        }
    }
}

fn whole_minute(at: DateTime) -> Option<DateTime> {
    at.with().second(0).subsec_nanosecond(0).build().ok()
}

/// The first whole minute from `at` on.
fn minute_from(at: DateTime) -> Option<DateTime> {
    let whole = whole_minute(at)?;
    if whole == at {
        Some(whole)
    } else {
        whole.checked_add(1.minute()).ok()
    }
}

#[cfg(test)]
mod tests;

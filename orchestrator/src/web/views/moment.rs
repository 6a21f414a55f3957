//! A moment for people: its time of day in UTC, its day where that is not today's, how long ago
//! or how soon it is, and the whole of it for machines.

use std::time::Duration;

use jiff::Timestamp;

/// A moment, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShownMoment {
    /// RFC 3339, for `<time datetime>`.
    pub(crate) iso: String,
    /// `04:10`.
    pub(crate) clock: String,
    /// `04:10:07`.
    pub(crate) seconds: String,
    /// `Mon 30 Nov`; with the year where it is another one.
    pub(crate) day: String,
    /// `04:10` today, else `Sun 29 Nov 04:10`.
    pub(crate) short: String,
    /// `14m ago`, `in 3h`.
    pub(crate) relative: String,
}

impl ShownMoment {
    pub(crate) fn new(at: Timestamp, now: Timestamp) -> Self {
        let text = |form: &str| at.strftime(form).to_string();
        let same = |form: &str| text(form) == now.strftime(form).to_string();
        let day = text(if same("%Y") { "%a %-d %b" } else { "%a %-d %b %Y" });
        let clock = text("%H:%M");
        let short = match same("%F") {
            true => clock.clone(),
            false => format!("{day} {clock}"),
        };
        let distance = Duration::from_secs(now.duration_since(at).unsigned_abs().as_secs());
        let about = about(distance);
        Self {
            iso: text("%Y-%m-%dT%H:%M:%SZ"),
            seconds: text("%H:%M:%S"),
            relative: match at > now {
                _ if distance.is_zero() => "now".to_owned(),
                true => format!("in {about}"),
                false => format!("{about} ago"),
            },
            clock,
            day,
            short,
        }
    }
}

/// A duration in its largest unit, as one says it: `14m`, `3h`, `2d`.
pub(crate) fn about(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        seconds @ 3600..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at: &str) -> ShownMoment {
        let now = "2026-11-30T07:30:00Z".parse().unwrap();
        ShownMoment::new(at.parse().unwrap(), now)
    }

    #[test]
    fn what_is_not_today_says_its_day() {
        assert_eq!(moment("2026-11-30T04:10:07.5Z").short, "04:10");
        assert_eq!(moment("2026-11-29T04:10:00Z").short, "Sun 29 Nov 04:10");
        assert_eq!(moment("2025-11-29T04:10:00Z").day, "Sat 29 Nov 2025");
        assert_eq!(moment("2026-11-30T04:10:07.5Z").seconds, "04:10:07");
        assert_eq!(moment("2026-11-30T04:10:07.5Z").iso, "2026-11-30T04:10:07Z");
    }

    #[test]
    fn relative_times_are_short() {
        for (at, said) in [
            ("2026-11-30T07:44:48Z", "in 14m"),
            ("2026-11-30T07:30:00Z", "now"),
            ("2026-11-30T04:10:00Z", "3h ago"),
            ("2026-11-20T04:10:00Z", "10d ago"),
            ("2026-11-30T07:29:20Z", "40s ago"),
        ] {
            assert_eq!(moment(at).relative, said);
        }
    }
}

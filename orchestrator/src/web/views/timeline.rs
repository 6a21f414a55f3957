//! The runs of some days along the time: a row for each group, in the order of the timetable, then
//! for intervals, and for what was started by hand.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::{Group, Schedule};
use crate::store::{RunHeader, RunStatus, UnservedSlot};
use crate::text::counted;
use crate::web::views::home::often::name;
use crate::web::views::links;
use crate::web::views::look::OutcomeLook;
use crate::web::views::moment::ShownMoment;
use crate::web::views::numbers::took;

/// The width of the box in which bars lie.
pub(crate) const WIDTH: i64 = 4000;

/// The time that is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// A group.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) at: String,
    pub(crate) bars: Vec<RunBar>,
    /// Slots that nobody ran: where they lie, and what is to be said.
    pub(crate) unserved: Vec<(i64, String)>,
    /// What is not told by colour alone: the icons of bars that want a look.
    pub(crate) glyphs: Vec<Glyph>,
    pub(crate) sum: String,
}

/// A run.
#[derive(Debug)]
pub(crate) struct RunBar {
    pub(crate) look: OutcomeLook,
    pub(crate) x: i64,
    pub(crate) width: i64,
    pub(crate) title: String,
    pub(crate) href: Option<String>,
}

/// An icon in a lane, at so much of its width (`46.20%`). It stands outside the box of the bars,
/// which is stretched.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Glyph {
    pub(crate) look: OutcomeLook,
    pub(crate) at: String,
}

/// A mark of the axis: where, in hundredths of a percent of the width, and its words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) x: i64,
    pub(crate) words: String,
}

impl Stretch {
    fn place(self, at: Timestamp) -> i64 {
        let whole = self.to.as_microsecond() - self.from.as_microsecond();
        let passed = at.as_microsecond() - self.from.as_microsecond();
        let x = i128::from(passed) * i128::from(WIDTH) / i128::from(whole.max(1));
        i64::try_from(x).unwrap_or_default().clamp(0, WIDTH)
    }

    /// Where the present lies, if it is shown.
    pub(crate) fn present(self, now: Timestamp) -> Option<i64> {
        (self.from <= now && now < self.to).then(|| self.place(now))
    }

    /// Eight marks, from the beginning on: at full hours where that is one.
    pub(crate) fn marks(self) -> Vec<Mark> {
        let whole = self.to.duration_since(self.from);
        let days = whole.as_hours() > 48;
        (0..8)
            .filter_map(|eighth| {
                let at = self.from.checked_add(whole / 8 * eighth).ok()?;
                let moment = ShownMoment::new(at, at);
                let words = match days {
                    true => format!("{} {}", at.strftime("%a %-d"), moment.clock),
                    false => moment.clock,
                };
                Some(Mark {
                    x: i64::from(eighth) * WIDTH / 8,
                    words,
                })
            })
            .collect()
    }
}

/// What a run came to, by what its row says.
fn look(header: &RunHeader) -> OutcomeLook {
    OutcomeLook::of(match (header.state, header.success) {
        (RunStatus::Lost, _) => "lost",
        (_, None) => "running",
        (_, Some(true)) if header.suspect > 0 => "suspect",
        (_, Some(true)) => "succeeded",
        (_, Some(false)) if header.exit_code.is_some_and(|code| code > 128) => "cancelled",
        (_, Some(false)) if header.failed == 0 => "skipped",
        (_, Some(false)) => "failed",
    })
}

/// The row in which a run lies: its place among the rows, and its name.
fn row_of(header: &RunHeader) -> (u8, String) {
    match (&header.group, header.schedule.as_str()) {
        (Some(group), _) => (0, group.clone()),
        (None, "interval" | "cron") => (1, format!("{} runs", header.schedule)),
        // All retries in one row, whatever each is a retry of.
        (None, schedule) => (2, schedule.split(' ').next().unwrap_or_default().to_owned()),
    }
}

/// The rows; groups of the timetable whose batch has not run are there too.
pub(crate) fn lanes(
    runs: &[RunHeader],
    unserved: &[UnservedSlot],
    schedule: &Schedule,
    stretch: Stretch,
    now: Timestamp,
) -> Vec<Lane> {
    let order: Vec<&str> = schedule.groups.iter().map(|group| group.name.as_str()).collect();
    let place = |(kind, name): &(u8, String)| {
        let known = order.iter().position(|group| *kind == 0 && group == name);
        (*kind, known.unwrap_or(order.len()))
    };
    let mut rows: BTreeMap<(u8, usize, String), Vec<&RunHeader>> = BTreeMap::new();
    // One that has no batch of its own is in the rows of intervals and expressions.
    let has_batch = |group: &&Group| {
        let mut cadences = group.tasks.iter().map(|task| task.cadence.keyword());
        cadences.any(|keyword| !matches!(keyword, "interval" | "cron"))
    };
    for group in schedule.groups.iter().filter(has_batch) {
        let key = (0, group.name.to_string());
        rows.entry((key.0, place(&key).1, key.1)).or_default();
    }
    for run in runs {
        let key = row_of(run);
        let (kind, number) = place(&key);
        rows.entry((kind, number, key.1)).or_default().push(run);
    }
    rows.into_iter()
        .map(|((kind, _, name), runs)| {
            let mut lane = lane(&name, &runs, stretch, now);
            let is_own = |slot: &&UnservedSlot| match slot.entry.split_once(':') {
                Some(("group", group)) => kind == 0 && group == name,
                Some(("interval", _)) => name == "interval runs",
                Some(("cron", _)) => name == "cron runs",
                _ => false,
            };
            lane.unserved = unserved
                .iter()
                .filter(is_own)
                .map(|slot| unserved_mark(slot, stretch))
                .collect();
            if kind == 0 {
                let group = schedule.groups.iter().find(|group| group.name.as_str() == name);
                lane.at = group
                    .and_then(|group| group.default_time)
                    .map_or_else(String::new, |at| at.strftime("%H:%M").to_string());
                lane.href = links::with_query("/runs", &[("group", Some(&name))]);
            }
            if !lane.unserved.is_empty() {
                lane.sum = format!("{}, {} missed", lane.sum, lane.unserved.len());
            }
            lane
        })
        .collect()
}

fn unserved_mark(slot: &UnservedSlot, stretch: Stretch) -> (i64, String) {
    let at = ShownMoment::new(slot.slot, slot.slot);
    let tasks = counted(slot.tasks, "collector");
    let words = format!(
        "{} {}: missed, {tasks}: {}",
        name(&slot.entry),
        at.clock,
        slot.cause
    );
    (stretch.place(slot.slot), words)
}

fn lane(name: &str, runs: &[&RunHeader], stretch: Stretch, now: Timestamp) -> Lane {
    let bars: Vec<RunBar> = runs.iter().map(|run| bar(run, stretch, now)).collect();
    let well = runs.iter().filter(|run| look(run).key == "succeeded").count();
    Lane {
        name: name.to_owned(),
        href: "/runs".to_owned(),
        at: String::new(),
        glyphs: glyphs(&bars),
        bars,
        unserved: Vec::new(),
        sum: match runs.len() {
            0 => "no run".to_owned(),
            count => format!("{well} of {}", counted(count, "run")),
        },
    }
}

/// An icon at the end of each bar that did not end well, unless it would lie upon another one.
fn glyphs(bars: &[RunBar]) -> Vec<Glyph> {
    // On the narrowest wide screen an icon is a fiftieth of the lane.
    const APART: i64 = WIDTH / 50;
    let mut ends: Vec<(i64, &RunBar)> = bars
        .iter()
        .filter(|bar| !matches!(bar.look.key, "succeeded" | "running"))
        .map(|bar| (bar.x + bar.width, bar))
        .collect();
    ends.sort_by_key(|(end, _)| *end);
    let mut last = -APART;
    let mut glyphs = Vec::new();
    for (end, bar) in ends {
        if end - last >= APART {
            last = end;
            let hundredths = end.min(WIDTH - APART) * 10_000 / WIDTH;
            glyphs.push(Glyph {
                look: bar.look,
                at: format!("{}.{:02}%", hundredths / 100, hundredths % 100),
            });
        }
    }
    glyphs
}

fn bar(run: &RunHeader, stretch: Stretch, now: Timestamp) -> RunBar {
    let look = look(run);
    let end = run.finished_at.unwrap_or(now);
    let x = stretch.place(run.started_at);
    // What was is seen, however short it was.
    let width = (stretch.place(end) - x).max(10);
    let began = ShownMoment::new(run.started_at, now);
    let duration = end.duration_since(run.started_at).max(SignedDuration::ZERO);
    let duration = took(u64::try_from(duration.as_millis()).unwrap_or_default());
    RunBar {
        look,
        x: x.min(WIDTH - width),
        width,
        title: format!("{} {}: {}, {duration}", began.day, began.clock, look.word),
        href: links::run(&run.run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_end_well_has_an_icon_and_none_lies_upon_another() {
        let bar = |outcome, x, width| RunBar {
            look: OutcomeLook::of(outcome),
            x,
            width,
            title: String::new(),
            href: None,
        };
        let bars = [
            bar("failed", 1000, 200),
            bar("succeeded", 0, 100),
            bar("lost", 1210, 10),
            bar("suspect", 3900, 100),
        ];
        let glyphs = glyphs(&bars);
        let shown: Vec<(&str, &str)> = glyphs.iter().map(|glyph| (glyph.look.key, &*glyph.at)).collect();
        // The lost one would lie upon the failed one; the last is kept within the lane.
        assert_eq!(shown, [("failed", "30.00%"), ("suspect", "98.00%")]);
    }

    #[test]
    fn marks_lie_at_eighths_and_say_their_day_where_there_are_several() {
        let stretch = |hours: i64| Stretch {
            from: "2026-11-29T08:00:00Z".parse().unwrap(),
            to: "2026-11-29T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours),
        };
        let words = |hours| {
            let marks = stretch(hours).marks();
            marks.into_iter().map(|mark| mark.words).collect::<Vec<_>>()
        };
        assert_eq!(words(24)[..3], ["08:00", "11:00", "14:00"]);
        assert_eq!(words(168)[..2], ["Sun 29 08:00", "Mon 30 05:00"]);
        assert_eq!(
            stretch(24).place("2026-11-29T20:00:00Z".parse().unwrap()),
            WIDTH / 2
        );
        assert_eq!(stretch(24).place("2020-11-29T20:00:00Z".parse().unwrap()), 0);
    }
}

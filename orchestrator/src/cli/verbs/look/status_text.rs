//! The night on a screen: a sentence, what needs a look, then the rest, group by group.

use std::fmt::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use console::measure_text_width;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::queries::status::words::short_clock;
use crate::queries::status::{NightLine, NightState, StatusAnswer, StatusProblem};
use crate::report::outcome_style;
use crate::text::{cut_line, human_duration, make_safe, pad_right, wrap_words};

/// How it is looked at.
#[derive(Debug, Clone)]
pub(crate) struct StatusView {
    /// `None` where nothing is cut.
    pub(crate) width: Option<usize>,
    pub(crate) zone: TimeZone,
    pub(crate) attention_only: bool,
}

/// Names are aligned up to this width; a longer one moves its line to the right.
const WIDEST_NAME: usize = 36;

/// The whole text, with ANSI styles; the stream strips them where they do not belong.
pub(crate) fn status_text(answer: &StatusAnswer, view: &StatusView) -> String {
    let page = Page { answer, view };
    let mut text = wrap_words(&answer.verdict, 0, view.width);
    if answer.attention + answer.problems.len() > 0 {
        text.push_str(&page.needs_a_look());
    }
    if !view.attention_only {
        text.push_str(&page.rest());
    }
    text
}

struct Page<'a> {
    answer: &'a StatusAnswer,
    view: &'a StatusView,
}

impl Page<'_> {
    fn needs_a_look(&self) -> String {
        let mut text = title("Needs a look");
        for problem in &self.answer.problems {
            text.push_str(&self.problem(problem));
        }
        let lines: Vec<&NightLine> = self.answer.tasks.iter().filter(|line| line.attention).collect();
        let names = column(lines.iter().map(|line| full_name(line)));
        for line in lines {
            text.push_str(&self.attention(line, names));
        }
        text
    }

    fn problem(&self, problem: &StatusProblem) -> String {
        let yellow = AnsiColor::Yellow.on_default().bold();
        let message = make_safe(&problem.message);
        let mut text = self.cut(&format!("  {yellow}!{yellow:#} {message}"));
        if let Some(hint) = &problem.hint {
            text.push_str(&to_type(hint));
        }
        text
    }

    /// What happened, why, since when, and what to type.
    fn attention(&self, line: &NightLine, names: usize) -> String {
        let head = format!("  {}  {}", pad_right(&full_name(line), names), padded_word(line));
        let mut text = self.cut(&self.with_times(&head, line));
        if let Some(cause) = &line.cause {
            text.push_str(&self.cut(&format!("    {}", make_safe(cause))));
        }
        let since = self.since(line);
        if !since.is_empty() {
            text.push_str(&self.cut(&format!("    {since}")));
        }
        if let Some(command) = &line.command_line {
            text.push_str(&to_type(command));
        }
        text
    }

    /// How often in a row, since when, and what was before.
    fn since(&self, line: &NightLine) -> String {
        let mut parts = Vec::new();
        if line.slots > 1 && line.failed_slots > 0 {
            parts.push(format!(
                "{} of its {} slots went wrong",
                line.failed_slots, line.slots
            ));
        }
        if let Some(since) = line.failing_since.filter(|_| line.failed_in_row > 1) {
            parts.push(format!(
                "failed {} times in a row since {}",
                line.failed_in_row,
                self.clock(since)
            ));
        }
        match line.last_success {
            Some(at) if line.failed_in_row > 0 || line.state == NightState::Missed => {
                parts.push(format!("last success {}", self.clock(at)));
            }
            None if line.failed_in_row > 0 => parts.push("never succeeded".to_owned()),
            _ => {}
        }
        parts.join("; ")
    }

    fn rest(&self) -> String {
        let lines: Vec<&NightLine> = self.answer.tasks.iter().filter(|line| !line.attention).collect();
        let names = column(lines.iter().map(|line| make_safe(&line.name).into_owned()));
        let mut text = String::new();
        let mut group: Option<&str> = None;
        for line in lines {
            if group != Some(line.group.as_str()) {
                group = Some(line.group.as_str());
                text.push_str(&self.group_title(&line.group));
            }
            text.push_str(&self.of_task(line, names));
        }
        text
    }

    /// The group, when it comes next, and whether it is paused.
    fn group_title(&self, group: &str) -> String {
        let of_group = || self.answer.tasks.iter().filter(|line| line.group == group);
        let safe = make_safe(group);
        if of_group().any(|line| line.paused) {
            let bold = Style::new().bold();
            let command = format!("orchestrate resume {safe}");
            return format!("\n{bold}{safe}{bold:#}, paused: {command}\n");
        }
        match of_group().filter_map(|line| line.next).min() {
            Some(next) => title_with(&safe, &format!(", next {}", self.clock(next))),
            None => title(&safe),
        }
    }

    /// When, how long, what it brought; why, on a line of its own where there is no room.
    fn of_task(&self, line: &NightLine, names: usize) -> String {
        let head = format!(
            "  {}  {}",
            pad_right(&make_safe(&line.name), names),
            padded_word(line)
        );
        if line.state == NightState::NotDue {
            return self.cut(&format!("{head}  {}", self.of_old(line)));
        }
        let mut what = self.with_times(&head, line);
        if let Some(records) = line.records {
            let brought = format!("  {} new, {} changed", records.new, records.changed);
            what.push_str(&brought);
        }
        if line.slots > 1 {
            let slots = match line.failed_slots {
                0 => format!("  {} slots", line.slots),
                failed => format!("  {failed} of {} slots went wrong", line.slots),
            };
            what.push_str(&slots);
        }
        let Some(cause) = &line.cause else {
            return self.cut(&what);
        };
        let cause = make_safe(cause);
        match format!("{what}  {cause}") {
            whole if self.fits(&whole) => self.cut(&whole),
            _ => self.cut(&what) + &self.cut(&format!("    {cause}")),
        }
    }

    /// When and how long; against the usual where there is room for it.
    fn with_times(&self, head: &str, line: &NightLine) -> String {
        let whole = format!("{head}  {}", self.when_and_how_long(line, line.usual_ms));
        match self.fits(&whole) {
            true => whole,
            false => format!("{head}  {}", self.when_and_how_long(line, None)),
        }
    }

    /// Why it is not due, and how it was when it was.
    fn of_old(&self, line: &NightLine) -> String {
        let last = match (line.last_success, line.started_at) {
            (Some(at), _) => format!("last success {}", self.clock(at)),
            (None, Some(_)) => "never succeeded".to_owned(),
            (None, None) => "never ran".to_owned(),
        };
        let failing = match line.failed_in_row {
            0 => None,
            1 => Some("failed once since".to_owned()),
            times => Some(format!("failed {times} times since")),
        };
        let parts = line.cause.as_ref().map(|cause| make_safe(cause).into_owned());
        parts
            .into_iter()
            .chain([last])
            .chain(failing)
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn when_and_how_long(&self, line: &NightLine, usual_ms: Option<u64>) -> String {
        let when = line
            .started_at
            .filter(|_| line.duration_ms.is_some())
            .or(line.slot);
        let when = when
            .or(line.started_at)
            .map_or_else(String::new, |at| self.clock(at));
        let took = match (line.state, line.duration_ms) {
            (NightState::Running, _) => line
                .started_at
                .and_then(|at| Duration::try_from(self.answer.at.duration_since(at)).ok()),
            (_, took) => took.map(Duration::from_millis),
        };
        let usual = usual_ms.map(Duration::from_millis);
        match (took, usual) {
            (Some(took), Some(usual)) => format!(
                "{when}  {}, usually {}",
                human_duration(took),
                human_duration(usual)
            ),
            (Some(took), None) => format!("{when}  {}", human_duration(took)),
            (None, _) => when,
        }
    }

    fn clock(&self, at: Timestamp) -> String {
        short_clock(at, self.answer.at, &self.view.zone)
    }

    fn fits(&self, line: &str) -> bool {
        self.view
            .width
            .is_none_or(|width| measure_text_width(line) <= width)
    }

    /// A line, no longer than the screen is wide.
    fn cut(&self, line: &str) -> String {
        cut_line(line, self.view.width) + "\n"
    }
}

fn full_name(line: &NightLine) -> String {
    make_safe(&format!("{}/{}", line.group, line.name)).into_owned()
}

/// A line to copy is not cut, whatever the width.
fn to_type(command: &str) -> String {
    let cyan = AnsiColor::Cyan.on_default();
    format!("    {cyan}{}{cyan:#}\n", make_safe(command))
}

fn title(words: &str) -> String {
    title_with(words, "")
}

fn title_with(words: &str, more: &str) -> String {
    let bold = Style::new().bold();
    format!("\n{bold}{words}{bold:#}{more}\n")
}

/// As wide as the longest, up to a bound.
fn column(names: impl Iterator<Item = String>) -> usize {
    let widest = names.map(|name| measure_text_width(&name)).max();
    widest.unwrap_or_default().min(WIDEST_NAME)
}

/// As wide as the longest of them, `not started`.
fn padded_word(line: &NightLine) -> String {
    let word = line.word();
    let style = match line.state {
        NightState::Running | NightState::Waiting => AnsiColor::Cyan.on_default(),
        NightState::NotDue => Style::new().dimmed(),
        _ => outcome_style(word),
    };
    let word = word.replace('_', " ");
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{style}{word}{style:#}");
    pad_right(&text, "not started".len())
}

#[cfg(test)]
mod tests;

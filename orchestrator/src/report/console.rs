//! The terminal: collectors' lines, tagged, and (on a terminal) a live view below them.
//!
//! Never decides what is worth saying.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;

use crate::events::Output;
use crate::events::bus::Listener;
use crate::events::event::{RunEvent, TaskRef};
use crate::events::progress::{TaskProgress, remaining};
use crate::model::Stream;
use crate::report::terminal::Terminal;
use crate::text::safe::{make_safe, push_safe};
use crate::text::{after_last_return, counted, human_duration, push_line};

/// The form of collectors' lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineForm {
    /// For people, behind the collector's name.
    Tagged,
    /// An object a line, as the diagnostics beside them.
    Json,
}

/// A collector's line among our diagnostics; what is no UTF-8 becomes U+FFFD.
#[derive(Serialize)]
struct JsonLine<'a> {
    timestamp: Timestamp,
    level: &'static str,
    message: std::borrow::Cow<'a, str>,
    #[serde(flatten)]
    task: &'a TaskRef,
    stream: Stream,
}

/// The listener that shows collectors' lines and the live view.
pub struct Console {
    terminal: Option<Terminal>,
    colour: bool,
    stream_output: bool,
    form: LineForm,
    tags: HashMap<TaskRef, String>,
    buffer: String,
    bars: Option<Bars>,
}

struct Bars {
    live: MultiProgress,
    overall: ProgressBar,
    current: Option<Current>,
}

struct Current {
    bar: ProgressBar,
    lines: u64,
    left: Left,
}

/// How long the collector itself makes us expect, and since when.
type Left = Arc<Mutex<Option<(Instant, Duration)>>>;

impl Console {
    /// With `stream_output` every line of the collectors is shown.
    pub fn new(terminal: Terminal, stream_output: bool, form: LineForm) -> Self {
        let bars = terminal.live_view().cloned().map(|live| {
            let overall = live.add(ProgressBar::new(0));
            overall.set_style(style("{bar:24} {pos}/{len}  {msg}"));
            Bars {
                live,
                overall,
                current: None,
            }
        });
        let colour = terminal.colour();
        Self {
            terminal: Some(terminal),
            colour,
            stream_output,
            form,
            tags: HashMap::new(),
            buffer: String::new(),
            bars,
        }
    }

    fn push_tagged(&mut self, output: &Output) {
        let tag = self
            .tags
            .entry((*output.task).clone())
            .or_insert_with(|| tag(&output.task));
        let dim = if self.colour {
            match output.stream {
                Stream::Stdout => AnsiColor::Cyan.on_default(),
                Stream::Stderr => AnsiColor::Yellow.on_default(),
            }
        } else {
            Style::new()
        };
        let tag = format!("{dim}{tag}{dim:#}");
        for line in output.lines() {
            self.buffer.push_str(&tag);
            push_line(&mut self.buffer, line, self.colour);
            self.buffer.push('\n');
        }
    }

    fn push_json(&mut self, output: &Output) {
        for line in output.lines() {
            let line = JsonLine {
                timestamp: output.at,
                level: "INFO",
                message: String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)),
                task: &output.task,
                stream: output.stream,
            };
            // Plain values cannot fail.
            if let Ok(text) = serde_json::to_string(&line) {
                self.buffer.push_str(&text);
                self.buffer.push('\n');
            }
        }
    }

    fn write(&mut self) {
        // Nobody reads any more (a closed pipe): the run goes on without a console.
        if let Some(terminal) = &mut self.terminal
            && !self.buffer.is_empty()
            && terminal.write_all(self.buffer.as_bytes()).is_err()
        {
            self.terminal = None;
        }
        self.buffer.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn tag(task: &TaskRef) -> String {
    make_safe(&format!("[{}/{}] ", task.group, task.name)).into_owned()
}

impl Listener for Console {
    fn event(&mut self, event: &RunEvent) {
        // Whoever tells of the event must find the lines before it told.
        self.write();
        if let RunEvent::TaskFinished { task, .. } | RunEvent::TaskSkipped { task, .. } = event {
            self.tags.retain(|known, _| known.position != task.position);
        }
        if let Some(bars) = &mut self.bars {
            bars.event(event);
        }
    }

    fn output(&mut self, output: &Output) {
        if self.stream_output && self.terminal.is_some() {
            match self.form {
                LineForm::Tagged => self.push_tagged(output),
                LineForm::Json => self.push_json(output),
            }
            if self.buffer.len() > 64 << 10 {
                self.write();
            }
        }
        if let Some(current) = self.bars.as_mut().and_then(|bars| bars.current.as_mut()) {
            current.output(output);
        }
    }

    fn progress(&mut self, progress: &TaskProgress) {
        if let Some(current) = self.bars.as_mut().and_then(|bars| bars.current.as_mut()) {
            current.progress(progress);
        }
    }

    fn settle(&mut self) {
        self.write();
    }
}

impl Bars {
    fn event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::RunStarted { tasks, schedule, .. } => {
                self.overall.set_length(tasks.len() as u64);
                self.overall.set_message(make_safe(schedule).into_owned());
            }
            RunEvent::TaskStarted {
                task,
                timeout_ms,
                attempt,
                usual_ms,
                ..
            } => self.start(task, *timeout_ms, *usual_ms, *attempt),
            RunEvent::TaskRetry { task, delay_ms, .. } => {
                let delay = human_duration(Duration::from_millis(*delay_ms));
                self.show(task, &format!("{{elapsed}}  next attempt in {delay}"), None);
            }
            RunEvent::TaskFinished { .. } | RunEvent::TaskSkipped { .. } => {
                if let Some(current) = self.current.take() {
                    current.bar.finish_and_clear();
                }
                self.overall.inc(1);
            }
            RunEvent::RunFinished(_) => self.overall.finish_and_clear(),
        }
    }

    fn start(&mut self, task: &TaskRef, timeout_ms: Option<u64>, usual_ms: Option<u64>, attempt: u32) {
        let limit = timeout_ms.map(|ms| format!(" / {}", human_duration(Duration::from_millis(ms))));
        let attempt = if attempt > 1 {
            format!("attempt {attempt}  ")
        } else {
            String::new()
        };
        let limit = limit.unwrap_or_default();
        self.show(
            task,
            &format!("{{elapsed}}{limit}{{left}}  {attempt}{{wide_msg}}"),
            usual_ms.map(Duration::from_millis),
        );
    }

    /// One line for the task, in place of the one before.
    fn show(&mut self, task: &TaskRef, template: &str, usual: Option<Duration>) {
        if let Some(previous) = self.current.take() {
            previous.bar.finish_and_clear();
        }
        let bar = self.live.insert_before(&self.overall, ProgressBar::new_spinner());
        let left: Left = Arc::default();
        let shown = Arc::clone(&left);
        let style = style(&format!("{{spinner}} {{prefix}}{template}")).with_key(
            "left",
            move |state: &ProgressState, into: &mut dyn fmt::Write| {
                // It shows, or it does not; nothing depends on it.
                let told = *shown.lock().unwrap_or_else(PoisonError::into_inner);
                let told = told.map(|(since, left)| left.saturating_sub(since.elapsed()));
                let _ = into.write_str(&remaining(told, state.elapsed(), usual));
            },
        );
        bar.set_style(style);
        bar.set_prefix(tag(task));
        bar.enable_steady_tick(Duration::from_millis(250));
        self.current = Some(Current { bar, lines: 0, left });
    }
}

impl Current {
    fn progress(&mut self, progress: &TaskProgress) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = progress
            .eta_ms
            .map(|ms| (Instant::now(), Duration::from_millis(ms)));
        drop(left);
        let mut message = match progress.total {
            Some(total) => format!("{}/{total}  ", progress.current),
            None => format!("{}  ", progress.current),
        };
        let said: String = progress
            .message
            .iter()
            .flat_map(|said| said.chars())
            .take(200)
            .collect();
        push_safe(&mut message, said.as_bytes());
        self.bar.set_message(message);
    }

    fn output(&mut self, output: &Output) {
        let mut last = None;
        for line in output.lines() {
            self.lines += 1;
            last = Some(line);
        }
        let mut message = format!("{}  ", counted(self.lines, "line"));
        let last = after_last_return(last.unwrap_or_default());
        push_line(&mut message, &last[..last.len().min(200)], false);
        self.bar.set_message(message);
    }
}

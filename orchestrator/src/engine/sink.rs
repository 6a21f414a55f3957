//! Where the output of one attempt goes: secrets are masked, then it goes into the
//! log, then to whoever shows it, with a tail kept for the summary. Bytes all the
//! way, bounded memory.

use std::sync::Arc;

use crate::events::Output;
use crate::events::{Bus, TaskRef};
use crate::model::{Clock, Stream};
use crate::process::{Line, LineFramer, OutputSink};
use crate::rundir::{AttemptLog, LogEnd};
use crate::text::{Redactor, Secrets};

use crate::engine::tail::{self, Tail};

/// The sink of one attempt.
pub(crate) struct Sink {
    task: Arc<TaskRef>,
    bus: Bus,
    clock: Arc<dyn Clock>,
    log: Option<AttemptLog>,
    /// stdout, stderr; `None` if there is no secret to mask.
    redactors: Option<[Redactor; 2]>,
    framers: [LineFramer; 2],
    tail: Tail,
    written: Written,
}

/// What a collector wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) stdout_bytes: u64,
    pub(crate) stderr_bytes: u64,
    pub(crate) lines: u64,
}

/// What is left of a sink when the attempt is over.
pub(crate) struct SinkEnd {
    pub(crate) written: Written,
    pub(crate) tail: Tail,
    /// `None` if there was no log to write to.
    pub(crate) log: Option<LogEnd>,
}

impl Sink {
    pub(crate) fn new(
        task: Arc<TaskRef>,
        bus: Bus,
        clock: Arc<dyn Clock>,
        log: Option<AttemptLog>,
        secrets: Option<Secrets>,
    ) -> Self {
        Self {
            task,
            bus,
            clock,
            log,
            redactors: secrets.map(|secrets| [Redactor::new(secrets.clone()), Redactor::new(secrets)]),
            framers: Default::default(),
            tail: Tail::default(),
            written: Written::default(),
        }
    }

    /// Passes on what has not ended with a newline, and ends the log.
    pub(crate) async fn finish(mut self) -> SinkEnd {
        for (mut redactor, stream) in self
            .redactors
            .take()
            .into_iter()
            .flatten()
            .zip([Stream::Stdout, Stream::Stderr])
        {
            self.frame(stream, &redactor.finish()).await;
        }
        self.written.lines += self.framers.iter().filter(|framer| framer.is_mid_line()).count() as u64;
        for stream in [Stream::Stdout, Stream::Stderr] {
            self.pass(stream, 0, |framer, emit| framer.flush(&mut |line| emit(line)))
                .await;
        }
        SinkEnd {
            written: self.written,
            tail: self.tail,
            log: self.log.map(AttemptLog::finish),
        }
    }

    async fn frame(&mut self, stream: Stream, bytes: &[u8]) {
        self.pass(stream, bytes.len(), |framer, emit| {
            framer.push(bytes, &mut |line| emit(line));
        })
        .await;
    }

    /// `expected` is about how many bytes of lines there will be.
    async fn pass(
        &mut self,
        stream: Stream,
        expected: usize,
        frame: impl FnOnce(&mut LineFramer, &mut dyn FnMut(Line<'_>)),
    ) {
        // One reading of the clock per chunk is enough, and all there is time for.
        let at = self.clock.now();
        if let Some(log) = &mut self.log {
            log.begin(stream, at);
        }
        // Where nobody listens, only the tail needs the lines, and only the last of them.
        let needed_from = if self.bus.wants_output() {
            0
        } else {
            expected.saturating_sub(tail::BYTES)
        };
        let mut lines = Vec::with_capacity(expected - needed_from + 64);
        let mut seen = 0;
        let (log, count) = (&mut self.log, &mut self.written.lines);
        frame(&mut self.framers[stream as usize], &mut |line| {
            if let Some(log) = log {
                log.line(line.text, line.end.as_bytes());
            }
            seen += line.text.len() + 1;
            if seen >= needed_from {
                lines.extend_from_slice(line.text);
                lines.push(b'\n');
            }
            *count += u64::from(!line.end.is_partial());
        });
        if let Some(log) = &mut self.log {
            log.flush();
        }
        if !lines.is_empty() {
            self.tail.push(stream, &lines);
            self.bus
                .output(Output {
                    task: Arc::clone(&self.task),
                    stream,
                    at,
                    lines,
                })
                .await;
        }
    }
}

impl OutputSink for Sink {
    async fn chunk(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.written.stdout_bytes += bytes.len() as u64,
            Stream::Stderr => self.written.stderr_bytes += bytes.len() as u64,
        }
        match &mut self.redactors {
            None => self.frame(stream, bytes).await,
            Some(redactors) => {
                let masked = redactors[stream as usize].push(bytes);
                self.frame(stream, &masked).await;
            }
        }
    }

    async fn quiet(&mut self) {
        // What may be the beginning of a secret is still held back.
        for stream in [Stream::Stdout, Stream::Stderr] {
            if self.framers[stream as usize].is_mid_line() {
                self.pass(stream, 0, |framer, emit| framer.pause(&mut |line| emit(line)))
                    .await;
            }
        }
    }
}

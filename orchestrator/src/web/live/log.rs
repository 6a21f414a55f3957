//! What is new in a log that is being written: its newest lines from its file, and where that has
//! reached its cap, from memory.

use std::io::{Seek, SeekFrom};
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::RunId;
use crate::queries::find_run::{FindRunError, find_run};
use crate::queries::logs::attempt_file::{LogPlace, has_ended, open_attempt_log};
use crate::queries::logs::window::{At, LogWindow, PlacedRecord, read_window};
use crate::store::RecordedAttempt;
use crate::web::live::feed::TailLine;
use crate::web::live::news::{LiveNews, LogNews, revision};
use crate::web::pages::logs::lines::{filed, unfiled};
use crate::web::site::Site;

/// As much of what is new is told at a time, the newest of it.
const NEWEST: u64 = 16 << 10;

/// How far a log was told.
#[derive(Debug, Default)]
pub(crate) struct WatchedLog {
    /// Up to this byte of its file; `None` before the first look, which begins at the end.
    to: Option<u64>,
    /// When the newest line that was told was read from the collector.
    last_at: Option<Timestamp>,
}

impl WatchedLog {
    /// One who has seen the file up to this byte.
    pub(crate) fn from(to: Option<u64>) -> Self {
        Self { to, last_at: None }
    }

    /// The newest.
    ///
    /// # Errors
    /// There is no such run, or the database fails.
    pub(crate) async fn news(
        &mut self,
        site: &Arc<Site>,
        run: &RunId,
        place: LogPlace,
    ) -> Result<LiveNews, FindRunError> {
        let record = find_run(&site.store, run.as_str()).await?;
        let Some((task, attempt)) = place.find(&record) else {
            return Ok(LiveNews {
                done: true,
                ..LiveNews::default()
            });
        };
        let ended = record.header.finished_at.is_some()
            || attempt.map_or(!task.attempt_list.is_empty(), |attempt| has_ended(task, attempt));
        let mut news = LiveNews {
            revision: revision(&(task.summary.word(), task.attempt_list.len(), ended)),
            done: ended,
            ..LiveNews::default()
        };
        if let Some(attempt) = attempt {
            news.log = self.look(site, run, place, (attempt, ended)).await;
        }
        Ok(news)
    }

    async fn look(
        &mut self,
        site: &Arc<Site>,
        run: &RunId,
        place: LogPlace,
        (attempt, ended): (&RecordedAttempt, bool),
    ) -> Option<LogNews> {
        let (state_dir, of, attempt) = (site.state_dir.clone(), run.clone(), attempt.clone());
        let to = self.to;
        let read = tokio::task::spawn_blocking(move || {
            let mut file = open_attempt_log(&state_dir, &of, &attempt)?;
            read_newest(&mut file, to, ended)
        });
        // Asked for each time, so that they are there when the file grows no more.
        let lines = site.live.feed.lines_after(run, place.position, self.last_at);
        match read.await {
            Ok(Ok(window)) if window.records.is_empty() => {
                self.to = Some(window.to);
                self.recall(&lines).filter(|_| !ended)
            }
            Ok(Ok(window)) => {
                self.to = Some(window.to);
                self.last_at = window.records.last().and_then(|record| record.at.parse().ok());
                Some(LogNews {
                    place: Some((window.from, window.to)),
                    html: filed(&window.records),
                })
            }
            // It is on another machine, or gone: the page says so.
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// Lines that are in no file.
    fn recall(&mut self, lines: &[TailLine]) -> Option<LogNews> {
        // Before the first line of the file was told nobody can say what is new.
        self.last_at?;
        self.last_at = Some(lines.last()?.at);
        let mut left = usize::try_from(NEWEST).unwrap_or(usize::MAX);
        let is_near = |line: &&TailLine| {
            let fits = line.bytes.len() <= left;
            left = left.saturating_sub(line.bytes.len());
            fits
        };
        let mut newest: Vec<&TailLine> = lines.iter().rev().take_while(is_near).collect();
        newest.reverse();
        Some(LogNews {
            place: None,
            html: unfiled(&newest.into_iter().map(record).collect::<Vec<_>>()),
        })
    }
}

fn record(line: &TailLine) -> PlacedRecord {
    PlacedRecord {
        offset: 0,
        at: format!("{:.9}", line.at),
        stream: line.stream,
        whole: true,
        bytes: line.bytes.clone(),
    }
}

/// What came after `to`, the newest of it; at the first look the end of the file.
fn read_newest(file: &mut std::fs::File, to: Option<u64>, ended: bool) -> std::io::Result<LogWindow> {
    let size = file.seek(SeekFrom::End(0))?;
    let near = size.saturating_sub(NEWEST);
    read_window(file, At::Offset(to.unwrap_or(near).max(near)), ended)
}

//! What the runs of this process do now: how far each collector says it is, its last line, and
//! for logs that somebody watches the newest lines. A listener that only stores: it is told in
//! the thread of its run, keeps the newest and forgets the rest, and never waits for a viewer.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::events::{Listener, Output, RunEvent, TaskProgress};
use crate::model::{RunId, Stream};

/// As much of a watched log is kept.
const TAIL_BYTES: usize = 64 << 10;

/// As much of one piece of output is looked at: of a flood the newest is enough.
const LOOKED_AT: usize = 16 << 10;

/// As much of a line is kept, of the last line as of each of a log.
const LINE: usize = 4 << 10;
const LAST_LINE: usize = 200;

/// A log that nobody has asked for so long is not watched any more.
const UNWATCHED: Duration = Duration::from_secs(5);

/// What goes on. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct LiveFeed(Arc<Shared>);

struct Shared {
    runs: Mutex<HashMap<RunId, Arc<Mutex<RunNow>>>>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct RunNow {
    tasks: BTreeMap<usize, TaskNow>,
}

#[derive(Default)]
struct TaskNow {
    progress: Option<Arc<TaskProgress>>,
    last_line: Vec<u8>,
    tail: Option<Tail>,
}

/// The newest lines of a watched log.
struct Tail {
    lines: VecDeque<TailLine>,
    bytes: usize,
    asked_at: Instant,
}

/// A line that a collector wrote, from memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TailLine {
    pub(crate) at: Timestamp,
    pub(crate) stream: Stream,
    /// Without its newline; the collector's bytes, secrets masked.
    pub(crate) bytes: Vec<u8>,
}

/// What a collector does now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doing {
    pub(crate) progress: Option<Arc<TaskProgress>>,
    /// The collector's bytes, cut; empty while it has written nothing.
    pub(crate) last_line: Vec<u8>,
}

impl Default for LiveFeed {
    fn default() -> Self {
        Self(Arc::new(Shared {
            runs: Mutex::default(),
            changed: watch::Sender::new(0),
        }))
    }
}

impl LiveFeed {
    /// A listener for one run.
    pub(crate) fn listener(&self) -> Box<dyn Listener> {
        Box::new(FeedListener {
            feed: self.clone(),
            run: None,
        })
    }

    /// Changes whenever a run or a task of one began or ended.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// What the tasks of a run do now, by their positions; nothing of a run of another process.
    pub(crate) fn doing(&self, run: &RunId) -> BTreeMap<usize, Doing> {
        let Some(now) = self.run(run) else {
            return BTreeMap::new();
        };
        let now = lock(&now);
        let doing = |task: &TaskNow| Doing {
            progress: task.progress.clone(),
            last_line: task.last_line.clone(),
        };
        now.tasks
            .iter()
            .map(|(position, task)| (*position, doing(task)))
            .collect()
    }

    /// The newest lines of a collector that came after `after`. Whoever asks is taken to watch for
    /// some seconds more; before the first time nothing is kept, so there is nothing.
    pub(crate) fn lines_after(
        &self,
        run: &RunId,
        position: usize,
        after: Option<Timestamp>,
    ) -> Vec<TailLine> {
        let Some(now) = self.run(run) else {
            return Vec::new();
        };
        let mut now = lock(&now);
        let task = now.tasks.entry(position).or_default();
        let tail = task.tail.get_or_insert_with(|| Tail {
            lines: VecDeque::new(),
            bytes: 0,
            asked_at: Instant::now(),
        });
        tail.asked_at = Instant::now();
        let is_new = |line: &&TailLine| after.is_none_or(|after| line.at > after);
        tail.lines.iter().filter(is_new).cloned().collect()
    }

    fn run(&self, run: &RunId) -> Option<Arc<Mutex<RunNow>>> {
        lock(&self.0.runs).get(run).map(Arc::clone)
    }
}

/// The feed's ear in one run.
struct FeedListener {
    feed: LiveFeed,
    run: Option<(RunId, Arc<Mutex<RunNow>>)>,
}

impl FeedListener {
    fn change(&self, position: usize, change: impl FnOnce(&mut TaskNow)) {
        if let Some((_, now)) = &self.run {
            change(lock(now).tasks.entry(position).or_default());
        }
    }

    fn forget(&mut self) {
        if let Some((run, _)) = self.run.take() {
            lock(&self.feed.0.runs).remove(&run);
        }
    }
}

impl Listener for FeedListener {
    fn event(&mut self, event: &RunEvent) {
        match event {
            RunEvent::RunStarted { run, .. } => {
                let now = Arc::<Mutex<RunNow>>::default();
                lock(&self.feed.0.runs).insert(run.clone(), Arc::clone(&now));
                self.run = Some((run.clone(), now));
            }
            RunEvent::TaskFinished { task, .. } | RunEvent::TaskSkipped { task, .. } => {
                if let Some((_, now)) = &self.run {
                    lock(now).tasks.remove(&task.position);
                }
            }
            RunEvent::RunFinished(_) => self.forget(),
            RunEvent::TaskStarted { task, .. } | RunEvent::TaskRetry { task, .. } => {
                self.change(task.position, |now| now.progress = None);
            }
        }
        self.feed.0.changed.send_modify(|count| *count += 1);
    }

    fn output(&mut self, output: &Output) {
        self.change(output.task.position, |now| now.hear(output));
    }

    fn progress(&mut self, progress: &TaskProgress) {
        let newest = Arc::new(progress.clone());
        self.change(progress.task.position, |now| now.progress = Some(newest));
    }
}

impl Drop for FeedListener {
    fn drop(&mut self) {
        // A run that broke off says no end.
        self.forget();
    }
}

impl TaskNow {
    fn hear(&mut self, output: &Output) {
        let newest = newest(&output.lines, LOOKED_AT);
        let lines = newest.strip_suffix(b"\n").unwrap_or(newest);
        let last = lines.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        let last = last.get(..LAST_LINE).unwrap_or(last);
        if !last.is_empty() {
            self.last_line.clear();
            self.last_line.extend_from_slice(last);
        }
        if let Some(tail) = &mut self.tail {
            if tail.asked_at.elapsed() > UNWATCHED {
                self.tail = None;
                return;
            }
            for line in lines.split(|&byte| byte == b'\n') {
                tail.push(TailLine {
                    at: output.at,
                    stream: output.stream,
                    bytes: line.get(..LINE).unwrap_or(line).to_vec(),
                });
            }
        }
    }
}

impl Tail {
    fn push(&mut self, line: TailLine) {
        self.bytes += line.bytes.len() + size_of::<TailLine>();
        self.lines.push_back(line);
        while self.bytes > TAIL_BYTES {
            let Some(oldest) = self.lines.pop_front() else {
                return;
            };
            self.bytes -= oldest.bytes.len() + size_of::<TailLine>();
        }
    }
}

/// The last whole lines of at most so many bytes; of a longer line its end.
fn newest(lines: &[u8], most: usize) -> &[u8] {
    let Some(from) = lines.len().checked_sub(most) else {
        return lines;
    };
    let cut = &lines[from..];
    match memchr::memchr(b'\n', cut) {
        Some(end) if end + 1 < cut.len() => &cut[end + 1..],
        _ => cut,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done by a panic in here.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::events::TaskRef;
    use crate::model::Owner;

    pub(crate) fn task(position: usize) -> TaskRef {
        TaskRef {
            position,
            group: "g".to_owned(),
            name: "a".to_owned(),
            command: "a".to_owned(),
        }
    }

    /// A listener that was told of the beginning of a run.
    pub(crate) fn begin(feed: &LiveFeed, run: &RunId) -> Box<dyn Listener> {
        let mut listener = feed.listener();
        listener.event(&RunEvent::RunStarted {
            run: run.clone(),
            schedule: "daily".to_owned(),
            group: None,
            at: at(0),
            owner: Owner {
                host: "h".to_owned(),
                pid: 1,
                boot: String::new(),
                started: 0,
            },
            slot: None,
            epoch: None,
            quiet: false,
            tasks: Vec::new(),
        });
        listener
    }

    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    pub(crate) fn output(second: i64, lines: &[u8]) -> Output {
        Output {
            task: Arc::new(task(1)),
            stream: Stream::Stdout,
            at: at(second),
            lines: lines.to_vec(),
        }
    }

    #[test]
    fn the_newest_line_and_progress_are_kept_until_the_run_ends() {
        let feed = LiveFeed::default();
        let run = RunId::new("20261130-030000-d014f0");
        let changes = feed.changes();
        let mut listener = begin(&feed, &run);
        assert!(changes.has_changed().unwrap());
        listener.output(&output(1, b"one\ntwo\n"));
        listener.progress(&TaskProgress {
            task: Arc::new(task(1)),
            at: at(1),
            current: 40,
            total: Some(120),
            message: None,
            eta_ms: None,
        });
        let doing = feed.doing(&run).remove(&1).unwrap();
        assert_eq!(doing.last_line, b"two");
        assert_eq!(doing.progress.unwrap().current, 40);
        // One that breaks off leaves nothing behind.
        drop(listener);
        assert!(feed.doing(&run).is_empty());
        assert!(lock(&feed.0.runs).is_empty());
    }

    #[test]
    fn lines_are_kept_of_a_watched_log_only_and_only_the_newest() {
        let feed = LiveFeed::default();
        let run = RunId::new("20261130-030000-d014f0");
        let mut listener = begin(&feed, &run);
        listener.output(&output(1, b"before\n"));
        assert!(feed.lines_after(&run, 1, None).is_empty());
        for second in 2..2000 {
            listener.output(&output(
                second,
                format!("{second} {}\n", "x".repeat(90)).as_bytes(),
            ));
        }
        let kept = feed.lines_after(&run, 1, None);
        let bytes: usize = kept.iter().map(|line| line.bytes.len()).sum();
        assert!(bytes < TAIL_BYTES && kept.len() > 100, "{bytes} {}", kept.len());
        assert!(kept.last().unwrap().bytes.starts_with(b"1999 "));
        assert_eq!(feed.lines_after(&run, 1, Some(at(1997))).len(), 2);
    }

    #[test]
    fn of_a_flood_the_end_is_looked_at() {
        assert_eq!(newest(b"one\ntwo\n", 100), b"one\ntwo\n");
        assert_eq!(newest(b"one\ntwo\n", 6), b"two\n");
        assert_eq!(newest(b"a long line\n", 5), b"line\n");
    }
}

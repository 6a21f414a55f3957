//! Release checks: whether there are releases is asked outside at most once at a time,
//! however many slots want to know, and all that wait get one answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::execution::{Executor, StopSwitch};
use crate::model::{EntryKey, Release, ReleaseSource};
use crate::scheduler::background::driver::{JobResult, SideJob, Wake};

/// What a check found, and for which slots.
#[derive(Debug)]
pub(crate) struct ReleaseAnswer {
    pub(crate) slots: Vec<(EntryKey, Timestamp)>,
    pub(crate) release: Release,
    /// Where it was looked for.
    pub(crate) source: ReleaseSource,
}

/// Checks for whoever waits.
pub(crate) struct ReleaseChecks {
    executor: Arc<Executor>,
    waiting: Mutex<Waiting>,
    answers: mpsc::UnboundedSender<ReleaseAnswer>,
    wake: Wake,
    ending: StopSwitch,
}

#[derive(Default)]
struct Waiting {
    requests: Vec<(EntryKey, Timestamp, ReleaseSource)>,
    /// Slots whose answer is about to be sent.
    in_answer: usize,
}

impl Waiting {
    /// Takes out those who want to know of `source`.
    fn take(&mut self, source: &ReleaseSource) -> Vec<(EntryKey, Timestamp)> {
        let all = std::mem::take(&mut self.requests);
        let (of_it, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(.., of)| of == source);
        self.requests = others;
        self.in_answer += of_it.len();
        of_it.into_iter().map(|(key, slot, _)| (key, slot)).collect()
    }
}

impl ReleaseChecks {
    pub(crate) fn new(executor: Arc<Executor>, answers: mpsc::UnboundedSender<ReleaseAnswer>) -> Self {
        Self {
            executor,
            waiting: Mutex::default(),
            answers,
            wake: Wake::default(),
            ending: StopSwitch::default(),
        }
    }

    /// A slot cannot be planned before it is known whether there is a release.
    pub(crate) fn request(&self, key: EntryKey, slot: Timestamp, source: ReleaseSource) {
        self.lock().requests.push((key, slot, source));
        self.wake.wake();
    }

    /// Nothing begins any more: whoever waits for an answer is the next scheduler.
    pub(crate) fn break_off(&self) {
        self.ending.throw();
    }

    /// How many slots wait for an answer.
    pub(crate) fn count_waiting(&self) -> usize {
        let waiting = self.lock();
        waiting.requests.len() + waiting.in_answer
    }

    /// The loop has an answer for so many.
    pub(crate) fn acknowledge(&self, slots: usize) {
        let mut waiting = self.lock();
        waiting.in_answer = waiting.in_answer.saturating_sub(slots);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers all that wait for the same as the first, those included that come while it is
    /// asked outside. What was done about releases is looked up after that, since it changes
    /// with every run.
    async fn answer(&self, source: ReleaseSource) -> JobResult {
        let (executor, of) = (self.executor.clone(), source.clone());
        let found = tokio::select! {
            biased;
            () = self.ending.thrown() => Err("this scheduler ended before the answer came".to_owned()),
            found = on_its_own(async move { executor.find_releases(&of).await }) => found,
        };
        let slots = self.lock().take(&source);
        let executor = self.executor.clone();
        let release = on_its_own(async move { Ok(executor.record_releases(found).await) }).await;
        let release = release.unwrap_or_else(Release::Unknown);
        let result = match &release {
            Release::Unknown(reason) => Err(reason.clone()),
            _ => Ok(()),
        };
        let answer = ReleaseAnswer {
            slots,
            release,
            source,
        };
        // Without a loop nobody waits any more.
        let _ = self.answers.send(answer);
        result
    }
}

/// Whoever waits gets an answer even if we have a defect.
async fn on_its_own<T: Send + 'static>(
    work: impl Future<Output = Result<T, String>> + Send + 'static,
) -> Result<T, String> {
    let mut own = JoinSet::new();
    own.spawn(work);
    match own.join_next().await {
        Some(Ok(done)) => done,
        Some(Err(error)) => Err(format!("a defect of ours: {error}")),
        None => Err("a defect of ours: nothing was done".to_owned()),
    }
}

impl SideJob for ReleaseChecks {
    fn name(&self) -> &'static str {
        "release checks"
    }

    fn wake(&self) -> &Wake {
        &self.wake
    }

    /// When to check is for slots of the timetable to say.
    fn every(&self) -> Option<Duration> {
        None
    }

    fn run(&self) -> Pin<Box<dyn Future<Output = JobResult> + Send + '_>> {
        Box::pin(async {
            let mut result = Ok(());
            loop {
                let first = self.lock().requests.first().map(|(.., source)| source.clone());
                match first {
                    Some(source) => result = self.answer(source).await,
                    None => return result,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GroupName;

    #[test]
    fn all_that_want_the_same_are_answered_together_and_others_wait() {
        let source = ReleaseSource::default();
        let mut other = source.clone();
        other.poll = Some(Duration::from_secs(60));
        let slot = |group: &str| (EntryKey::Group(GroupName::new(group)), Timestamp::UNIX_EPOCH);
        let mut waiting = Waiting::default();
        for (group, of) in [("a", &source), ("b", &other), ("c", &source)] {
            let (key, at) = slot(group);
            waiting.requests.push((key, at, of.clone()));
        }
        assert_eq!(waiting.take(&source), [slot("a"), slot("c")]);
        assert_eq!((waiting.requests.len(), waiting.in_answer), (1, 2));
        assert_eq!(waiting.take(&source), []);
        assert_eq!(waiting.take(&other), [slot("b")]);
    }
}

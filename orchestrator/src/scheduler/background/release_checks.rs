//! Asking for releases: at most once at a time, however many groups want to know. What has
//! been done about the answer is looked up by each of them for itself: that changes with
//! every run.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OnceCell;

use crate::execution::Executor;
use crate::model::{Release, ReleaseSource, ReleaseTag};

/// What is asked at the moment, if anything. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Asking(Arc<Mutex<Weak<Question>>>);

struct Question {
    source: ReleaseSource,
    answer: OnceCell<Result<Vec<ReleaseTag>, String>>,
}

impl Asking {
    /// Whether there are releases: asks, or joins those who have asked and wait.
    pub(crate) async fn answer(&self, executor: &Executor, source: &ReleaseSource) -> Release {
        let found = {
            let question = self.question(source);
            let asked = question
                .answer
                .get_or_init(|| executor.find_releases(&question.source));
            asked.await.clone()
        };
        executor.record_releases(found).await
    }

    /// The one that somebody waits for, or a new one. An answer that everybody has is
    /// forgotten: it grows old.
    fn question(&self, source: &ReleaseSource) -> Arc<Question> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(question) = asked.upgrade().filter(|question| question.source == *source) {
            return question;
        }
        let question = Arc::new(Question {
            source: source.clone(),
            answer: OnceCell::new(),
        });
        *asked = Arc::downgrade(&question);
        question
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_shared_while_somebody_waits_and_no_longer() {
        let (asking, source) = (Asking::default(), ReleaseSource::default());
        let first = asking.question(&source);
        assert!(Arc::ptr_eq(&first, &asking.question(&source)));
        let mut other = source.clone();
        other.poll = Some(std::time::Duration::from_secs(60));
        assert!(!Arc::ptr_eq(&first, &asking.question(&other)));
        drop(first);
        let again = asking.question(&source);
        assert!(again.answer.get().is_none());
        assert_eq!(Arc::strong_count(&again), 1);
    }
}

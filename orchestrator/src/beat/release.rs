//! Where the answer comes from whether there is a new release. The scheduler asks once
//! for each slot at which an on_release task is due; looking is another part's work.

use std::future::Future;
use std::pin::Pin;

use crate::model::Release;
use crate::report::Summary;

/// Knows about releases.
pub trait Releases: Send + Sync {
    /// Whether there is one that on_release tasks have not handled. It must end by
    /// itself: an entry waits for it, others do not.
    fn ask(&self) -> Pin<Box<dyn Future<Output = Release> + Send + '_>>;

    /// A run for which [`Releases::ask`] had said that there is one has ended.
    fn ran(&self, summary: &Summary) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Nobody looks: the answer is unknown, and says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct NotLookedFor;

impl Releases for NotLookedFor {
    fn ask(&self) -> Pin<Box<dyn Future<Output = Release> + Send + '_>> {
        let reason = "release detection is not available in this version; \
                      run --schedule on_release --release new runs these tasks by hand";
        Box::pin(std::future::ready(Release::Unknown(reason.to_owned())))
    }

    fn ran(&self, _summary: &Summary) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

//! Where a request to the database stands: one at a time of a kind, asked again until the
//! answer is clear.

use super::lease::BootMoment;

/// A request that is sent, answered, and sent again; `T` is what has to be remembered of
/// the one that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PendingRequest<T> {
    /// It may be sent from then on.
    From(BootMoment),
    /// It was sent, and its answer will come.
    Sent(T),
    /// There is no need for it any more.
    Never,
}

impl<T> PendingRequest<T> {
    pub(super) fn is_due(&self, now: BootMoment) -> bool {
        matches!(self, Self::From(at) if now >= *at)
    }

    /// When it is due, unless it is under way.
    pub(super) fn due_at(&self) -> Option<BootMoment> {
        match self {
            Self::From(at) => Some(*at),
            Self::Sent(_) | Self::Never => None,
        }
    }
}

#[cfg(test)]
impl<T> PendingRequest<T> {
    /// As a clock that stands still sees it `span` later; what is due stays due.
    pub(super) fn age(&mut self, span: std::time::Duration, now: BootMoment) {
        if let Self::From(at) = self {
            *at = at.before(span).max(now);
        }
    }
}

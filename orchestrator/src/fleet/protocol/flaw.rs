//! Errors that tests plant in the protocol, to see that the model check finds them. In what
//! ships there is none, and no way to have one.

/// A deliberate error.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Flaw {
    /// The end of a run is written without looking at the epoch.
    UnfencedFinish,
    /// A renewal does not look at the epoch, and whoever has one under way believes that
    /// its lease goes on.
    RenewAfterFence,
    /// The message is deleted first, and the end of the run recorded after that.
    DeleteBeforeFinish,
    /// Nobody ends a collector whose lease runs out.
    NoSelfFence,
    /// A run that was taken over begins anew.
    ResumeFromStart,
    /// The next collector is started before the end of the last one is stored.
    StartBeforeRecord,
    /// A write whose answer was lost is held to be stored.
    LostMeansStored,
}

/// The errors that a worker has: at most one, and none outside tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Flaws {
    #[cfg(test)]
    planted: Option<Flaw>,
}

#[cfg(test)]
impl Flaw {
    pub(crate) const ALL: [Self; 7] = [
        Self::UnfencedFinish,
        Self::RenewAfterFence,
        Self::DeleteBeforeFinish,
        Self::NoSelfFence,
        Self::ResumeFromStart,
        Self::StartBeforeRecord,
        Self::LostMeansStored,
    ];
}

#[cfg(test)]
impl Flaws {
    pub(crate) fn planted(flaw: Flaw) -> Self {
        Self { planted: Some(flaw) }
    }

    pub(crate) fn has(self, flaw: Flaw) -> bool {
        self.planted == Some(flaw)
    }
}

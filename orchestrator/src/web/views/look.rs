//! How an outcome looks: a shape and a colour, both called by the same key, and the word that
//! people read. Colour alone never says anything.

/// The look of an outcome. Only known ones have one: nothing of a collector becomes a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutcomeLook {
    /// The class `o-KEY` and the symbols `i-KEY` and `c-KEY`.
    pub(crate) key: &'static str,
    /// For people.
    pub(crate) word: &'static str,
}

const LOOKS: [OutcomeLook; 15] = [
    OutcomeLook::new("succeeded", "succeeded"),
    OutcomeLook::new("failed", "failed"),
    OutcomeLook::new("not_started", "could not start"),
    OutcomeLook::new("timed_out", "timed out"),
    OutcomeLook::new("cancelled", "cancelled"),
    OutcomeLook::new("lost", "lost"),
    OutcomeLook::new("suspect", "suspect"),
    OutcomeLook::new("missed", "missed"),
    OutcomeLook::new("unknown", "unknown"),
    OutcomeLook::new("skipped", "skipped"),
    OutcomeLook::new("release_unknown", "release unknown"),
    OutcomeLook::new("running", "running"),
    OutcomeLook::new("waiting", "waiting"),
    OutcomeLook::new("pending", "waiting"),
    OutcomeLook::new("not_due", "not due"),
];

/// What stands for several of them is the first of these.
pub(crate) const FROM_WORST: [&str; 11] = [
    "failed",
    "timed_out",
    "lost",
    "not_started",
    "cancelled",
    "suspect",
    "missed",
    "unknown",
    "running",
    "skipped",
    "succeeded",
];

impl OutcomeLook {
    const fn new(key: &'static str, word: &'static str) -> Self {
        Self { key, word }
    }

    /// Of a word that our answers use; another one is something that we do not know.
    pub(crate) fn of(word: &str) -> Self {
        let known = LOOKS.iter().find(|look| look.key == word).copied();
        let look = known.unwrap_or(Self::new("unknown", "unknown"));
        // What looks alike shares its symbols.
        let key = match look.key {
            "unknown" => "lost",
            "waiting" | "not_due" => "pending",
            "release_unknown" => "skipped",
            key => key,
        };
        Self { key, ..look }
    }

    /// Whether it is one of those that need somebody.
    pub(crate) fn is_bad(self) -> bool {
        matches!(
            self.key,
            "failed" | "not_started" | "timed_out" | "cancelled" | "lost" | "suspect" | "missed"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TaskStatus;

    #[test]
    fn every_outcome_has_a_shape_and_a_word() {
        let symbols = include_str!("../../../templates/pages/symbols.html");
        for status in TaskStatus::ALL {
            let look = OutcomeLook::of(status.as_str());
            assert_ne!(look.word, "unknown", "{}", status.as_str());
        }
        for look in LOOKS {
            let look = OutcomeLook::of(look.key);
            for kind in ["i", "c"] {
                let symbol = format!("<symbol id=\"{kind}-{}\"", look.key);
                assert!(symbols.contains(&symbol), "{symbol}");
            }
        }
        assert_eq!(OutcomeLook::of("\"><script>").key, "lost");
    }
}

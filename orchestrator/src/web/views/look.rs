//! How an outcome looks: a shape and a colour, both called by the same key, and the word that
//! people read. Colour alone never says anything.

/// The look of an outcome. Only known ones have one: nothing of a collector becomes a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// The class `o-KEY` and the symbols `i-KEY` and `c-KEY`.
    pub(crate) key: &'static str,
    /// For people.
    pub(crate) word: &'static str,
}

const LOOKS: [Look; 15] = [
    Look::new("succeeded", "succeeded"),
    Look::new("failed", "failed"),
    Look::new("not_started", "could not start"),
    Look::new("timed_out", "timed out"),
    Look::new("cancelled", "cancelled"),
    Look::new("lost", "lost"),
    Look::new("suspect", "suspect"),
    Look::new("missed", "missed"),
    Look::new("unknown", "unknown"),
    Look::new("skipped", "skipped"),
    Look::new("release_unknown", "release unknown"),
    Look::new("running", "running"),
    Look::new("waiting", "waiting"),
    Look::new("pending", "waiting"),
    Look::new("not_due", "not due"),
];

impl Look {
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
            let look = Look::of(status.as_str());
            assert_ne!(look.word, "unknown", "{}", status.as_str());
        }
        for look in LOOKS {
            let look = Look::of(look.key);
            for kind in ["i", "c"] {
                let symbol = format!("<symbol id=\"{kind}-{}\"", look.key);
                assert!(symbols.contains(&symbol), "{symbol}");
            }
        }
        assert_eq!(Look::of("\"><script>").key, "lost");
    }
}

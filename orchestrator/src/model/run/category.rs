//! The vocabulary of failures: what the exit code or the collector itself tells, and
//! whether another attempt may end otherwise. Pure. The collectors' kits say the same
//! words; docs/writing-collectors.md lists them, and tests hold all three against it.

use crate::model::words::words;

words! {
    /// The kind of a failure, as far as the exit code or the collector itself tells it.
    pub enum Category {
        /// Wrong arguments (EX_USAGE, 64).
        Usage = "usage",
        /// Bad data (EX_DATAERR, 65).
        Validation = "validation",
        /// A service could not be reached (EX_UNAVAILABLE, 69).
        Network = "network",
        /// Worth another try (EX_TEMPFAIL, 75).
        Temporary = "temporary",
        /// Not allowed (EX_NOPERM, 77).
        Auth = "auth",
        /// Wrong settings (EX_CONFIG, 78).
        Configuration = "configuration",
        /// A service asked to come back later.
        RateLimit = "rate_limit",
        /// Our limit of time.
        Timeout = "timeout",
        /// A signal ended it.
        Signal = "signal",
        /// It could not be started.
        Spawn = "spawn",
        /// Anything else.
        Failed = "failed",
    }
}

impl Category {
    /// What a retry may change.
    pub const RETRYABLE: [Self; 4] = [Self::Network, Self::Temporary, Self::RateLimit, Self::Timeout];

    /// The category that an exit code names (sysexits.h).
    pub fn of_code(code: i32) -> Self {
        match code {
            64 => Self::Usage,
            65 => Self::Validation,
            69 => Self::Network,
            75 => Self::Temporary,
            77 => Self::Auth,
            78 => Self::Configuration,
            _ => Self::Failed,
        }
    }

    /// Whether another attempt may end otherwise. What is not allowed, badly set or bad
    /// in itself stays so, whatever the schedule says.
    pub fn may_pass(self) -> bool {
        !matches!(self, Self::Auth | Self::Validation | Self::Configuration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_words_and_codes_are_these() {
        let page = include_str!("../../../../docs/writing-collectors.md");
        let (_, table) = page.split_once("| Category | Exit code |").unwrap();
        let rows: Vec<(Category, &str)> = table
            .lines()
            .skip(2)
            .map_while(|line| line.strip_prefix("| `")?.split_once("` | "))
            .map(|(word, rest)| {
                (
                    Category::parse(word).unwrap(),
                    rest.split(" |").next().unwrap_or_default(),
                )
            })
            .collect();
        assert_eq!(rows.len(), 8, "{rows:?}");
        for (category, code) in rows {
            let expected = match category {
                // Only an event can tell it from what is merely temporary.
                Category::RateLimit => Category::Temporary,
                told => told,
            };
            assert_eq!(Category::of_code(code.parse().unwrap_or(1)), expected, "{code}");
        }
    }
}

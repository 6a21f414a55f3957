//! The name of the PostgreSQL schema that our tables live in.

use std::fmt;

/// The longest name that PostgreSQL keeps whole.
const MAX: usize = 63;

/// Needs no quotes, and belongs to nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaName(String);

impl SchemaName {
    /// Takes a name as the settings have it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str) -> Result<Self, &'static str> {
        let mut bytes = name.bytes();
        let begins = bytes
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let goes_on = bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !begins || !goes_on || name.len() > MAX {
            return Err("it must be of a-z, 0-9 and _, begin with no digit and have at most 63 characters");
        }
        if matches!(name, "public" | "information_schema") || name.starts_with("pg_") {
            return Err("that schema is not for our tables alone");
        }
        Ok(Self(name.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for SchemaName {
    fn default() -> Self {
        Self("orchestrate".to_owned())
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_needs_no_quotes_and_is_nobody_elses() {
        for good in ["orchestrate", "_x", "a1_b", &"a".repeat(63)] {
            assert_eq!(SchemaName::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "1a",
            "A",
            "a-b",
            "a b",
            "a\"b",
            "a.b",
            "ä",
            "public",
            "pg_x",
            "information_schema",
            &"a".repeat(64),
        ] {
            assert!(SchemaName::parse(bad).is_err(), "{bad}");
        }
    }
}

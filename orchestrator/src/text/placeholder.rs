//! Secrets in text that is stored: where the value of a secret stands in an argument, in a
//! value of `env:` or in a path, what is stored has `{secret:NAME}`, and who starts the
//! attempt puts its own value in. Pure.
//!
//! Text in which somebody wrote `{secret:` is stored with one colon more, `{secret::`: so
//! what is stored means one thing only, whatever the schedule says and whichever secrets
//! whoever reads it has.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use crate::text::secret_forms::SHORTEST;
use crate::text::secrets::Secrets;

const OPEN: &str = "{secret:";

/// Added to the name of a variable for the value that a task's own `env:` hides.
const OUTSIDE: &str = "@outside";

/// The secrets of this process by name. Cheap to clone where there are none.
#[derive(Clone, Default)]
pub struct NamedSecrets {
    /// In the order in which they were named; one that is not set has no value.
    values: Vec<(String, OsString)>,
    masker: Option<Secrets>,
}

/// A placeholder that cannot be filled here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("secret {name} is not set here")]
pub(crate) struct MissingSecret {
    pub(crate) name: String,
}

/// A piece of stored text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a> {
    Literal(&'a str),
    Secret(&'a str),
}

impl NamedSecrets {
    /// Of these names, with the values that variables of this process have.
    pub(crate) fn new<'a>(
        names: impl IntoIterator<Item = &'a String>,
        value: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        let values = names
            .into_iter()
            .map(|name| (name.clone(), value(name).unwrap_or_default()));
        Self::of(values.collect())
    }

    fn of(values: Vec<(String, OsString)>) -> Self {
        let masker = Secrets::new(values.iter().map(|(_, value)| value.as_bytes()));
        Self { values, masker }
    }

    /// The secrets of a task, whose `env:`, as it is stored, may give some of them other
    /// values.
    #[must_use]
    pub(crate) fn within(&self, env: &BTreeMap<String, String>) -> Self {
        let mut values = self.values.clone();
        let mut outside = Vec::new();
        for (name, value) in &mut values {
            // A placeholder means the value of this process.
            let Some(own) = env.get(name).and_then(|stored| literal(stored)) else {
                continue;
            };
            let before = std::mem::replace(value, own.into());
            if before != *value {
                outside.push((format!("{name}{OUTSIDE}"), before));
            }
        }
        if values == self.values {
            return self.clone();
        }
        values.append(&mut outside);
        Self::of(values)
    }

    /// Whether a variable is one of them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(known, _)| known == name)
    }

    /// What masks their values; `None` if there is nothing to mask.
    pub(crate) fn masker(&self) -> Option<&Secrets> {
        self.masker.as_ref()
    }

    /// `text`, with every secret in it masked.
    pub(crate) fn masked(&self, text: &str) -> String {
        match &self.masker {
            Some(secrets) => secrets.masked(text),
            None => text.to_owned(),
        }
    }

    /// The names of those whose values are too short to be masked.
    pub(crate) fn too_short(&self) -> impl Iterator<Item = &str> {
        self.values
            .iter()
            .filter(|(_, value)| !value.is_empty() && value.len() < SHORTEST)
            .map(|(name, _)| name.as_str())
    }

    /// Text of a schedule or of a command line, as it is stored.
    pub(crate) fn store(&self, text: &str) -> String {
        let mut stored = String::with_capacity(text.len());
        self.hide_literal(text, &mut stored);
        stored
    }

    /// Stored text, in which the value of a secret may still stand: it was stored before the
    /// secret was named, or by who did not know it.
    pub(crate) fn hide(&self, stored: &str) -> String {
        let mut hidden = String::with_capacity(stored.len());
        let mut literal = String::new();
        for piece in pieces(stored) {
            match piece {
                Piece::Literal(text) => literal.push_str(text),
                Piece::Secret(name) => {
                    self.hide_literal(&std::mem::take(&mut literal), &mut hidden);
                    hidden.push_str(&placeholder(name));
                }
            }
        }
        self.hide_literal(&literal, &mut hidden);
        hidden
    }

    /// What stored text means here.
    ///
    /// # Errors
    /// It needs a secret that is not one of these, or is not set.
    pub(crate) fn reveal(&self, stored: &str) -> Result<OsString, MissingSecret> {
        let mut meant = OsString::with_capacity(stored.len());
        for piece in pieces(stored) {
            match piece {
                Piece::Literal(text) => meant.push(text),
                Piece::Secret(name) => meant.push(self.value(name).ok_or_else(|| MissingSecret {
                    name: name.strip_suffix(OUTSIDE).unwrap_or(name).to_owned(),
                })?),
            }
        }
        Ok(meant)
    }

    fn value(&self, name: &str) -> Option<&OsStr> {
        let known = self.values.iter().find(|(known, _)| known == name);
        known
            .map(|(_, value)| value.as_os_str())
            .filter(|value| !value.is_empty())
    }

    fn hide_literal(&self, text: &str, stored: &mut String) {
        let mut rest = text;
        let values = || {
            let long = self.values.iter().filter(|(_, value)| value.len() >= SHORTEST);
            long.filter_map(|(name, value)| Some((name, value.to_str()?)))
        };
        // The first in the text; of several that begin there the longest.
        while let Some((at, name, value)) = values()
            .filter_map(|(name, value)| Some((rest.find(value)?, name, value)))
            .min_by_key(|(at, _, value)| (*at, usize::MAX - value.len()))
        {
            stored.push_str(&escape(&rest[..at]));
            stored.push_str(&placeholder(name));
            rest = &rest[at + value.len()..];
        }
        stored.push_str(&escape(rest));
    }
}

impl fmt::Debug for NamedSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.values.iter().map(|(name, _)| name))
            .finish()
    }
}

/// What stands for a secret.
pub(crate) fn placeholder(name: &str) -> String {
    format!("{OPEN}{name}}}")
}

/// Whether a secret of this name can have a placeholder.
pub(crate) fn has_placeholder(name: &str) -> bool {
    is_name(name) && !name.contains('@')
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(':') && !name.contains(['{', '}'])
}

/// The names of the secrets in stored text.
pub(crate) fn secrets_in(stored: &str) -> impl Iterator<Item = &str> {
    pieces(stored).into_iter().filter_map(|piece| match piece {
        Piece::Secret(name) => Some(name.strip_suffix(OUTSIDE).unwrap_or(name)),
        Piece::Literal(_) => None,
    })
}

/// What stored text means, if no secret is in it.
fn literal(stored: &str) -> Option<String> {
    let literals = pieces(stored).into_iter().map(|piece| match piece {
        Piece::Literal(text) => Some(text),
        Piece::Secret(_) => None,
    });
    literals.collect()
}

fn escape(text: &str) -> String {
    text.replace(OPEN, "{secret::")
}

fn pieces(stored: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = stored;
    while let Some(at) = rest.find(OPEN) {
        let (before, after) = (&rest[..at], &rest[at + OPEN.len()..]);
        let name = after.split_once('}').filter(|(name, _)| is_name(name));
        if let Some((name, behind)) = name {
            pieces.extend([Piece::Literal(before), Piece::Secret(name)]);
            rest = behind;
        } else {
            pieces.push(Piece::Literal(&rest[..at + OPEN.len()]));
            rest = after.strip_prefix(':').unwrap_or(after);
        }
    }
    pieces.push(Piece::Literal(rest));
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secrets(values: &[(&str, &str)]) -> NamedSecrets {
        let names: Vec<String> = values.iter().map(|(name, _)| (*name).to_owned()).collect();
        NamedSecrets::new(&names, |name| {
            let found = values.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        })
    }

    fn env(values: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        owned.collect()
    }

    #[test]
    fn values_are_placeholders_the_first_and_longest_first() {
        let known = secrets(&[
            ("SHORT", "in"),
            ("UNSET", ""),
            ("A", "hush"),
            ("B", "hush-hush"),
            ("C", "sh-x"),
        ]);
        assert_eq!(known.store("--token=hush-hush"), "--token={secret:B}");
        assert_eq!(known.store("hushhush-hush in"), "{secret:A}{secret:B} in");
        assert_eq!(known.store("hush-x"), "{secret:A}-x");
        assert_eq!(known.too_short().collect::<Vec<_>>(), ["SHORT"]);
        assert_eq!(
            secrets_in(&known.store("hush hush-hush")).collect::<Vec<_>>(),
            ["A", "B"]
        );
    }

    #[test]
    fn what_was_written_stays_what_it_was() {
        let known = secrets(&[("A", "hush"), ("B", "secret:A")]);
        for (text, stored) in [
            ("{secret:A}", "{secret::A}"),
            ("{secret:X}", "{secret::X}"),
            ("{secret::X}", "{secret:::X}"),
            ("{{secret:", "{{secret::"),
            ("{secret:hush}", "{secret::{secret:A}}"),
        ] {
            let without_b = secrets(&[("A", "hush")]);
            assert_eq!(without_b.store(text), stored);
            assert_eq!(without_b.reveal(stored).unwrap(), text);
            assert_eq!(without_b.hide(stored), stored);
        }
        let stored = known.store("{secret:A}hush");
        assert_eq!(stored, "{{secret:B}}{secret:A}");
        assert_eq!(known.hide(&stored), stored);
    }

    #[test]
    fn a_secret_that_is_not_here_is_named() {
        let elsewhere = secrets(&[("A", "hush")]).store("x-hush");
        let missing = secrets(&[("A", "")]).reveal(&elsewhere).unwrap_err();
        assert_eq!(missing.to_string(), "secret A is not set here");
        assert!(secrets(&[]).reveal(&elsewhere).is_err());
        assert_eq!(secrets(&[("A", "new")]).reveal(&elsewhere).unwrap(), "x-new");
    }

    #[test]
    fn a_task_may_have_other_values() {
        let known = secrets(&[("A", "hush"), ("B", "quiet")]);
        let task = known.within(&env(&[("A", "mine"), ("B", "{secret:B}"), ("C", "c")]));
        let stored = task.store("mine hush quiet");
        assert_eq!(stored, "{secret:A} {secret:A@outside} {secret:B}");
        assert_eq!(task.reveal(&stored).unwrap(), "mine hush quiet");
        assert_eq!(known.within(&env(&[("C", "c")])).store("hush"), "{secret:A}");
        let masker = task.masker().unwrap();
        assert_eq!(masker.masked("mine hush quiet"), "*** *** ***");
    }

    #[test]
    fn what_was_stored_in_clear_is_hidden_later() {
        let known = secrets(&[("A", "hush")]);
        assert_eq!(
            known.hide("hush {secret:B} {secret:"),
            "{secret:A} {secret:B} {secret::"
        );
    }

    #[test]
    fn values_are_not_for_debugging() {
        assert_eq!(format!("{:?}", secrets(&[("A", "hush")])), r#"["A"]"#);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_value_is_stored(
            text in "([:{}A]|secret|\\{secret:|hush|HUSH-A){0,12}",
            a in "(hush|secret|HUSH-A|[:{]secr)",
            b in "[a-z:{]{0,6}",
        ) {
            let known = secrets(&[("A", &a), ("BB", &b)]);
            let stored = known.store(&text);
            prop_assert_eq!(known.reveal(&stored).unwrap(), OsString::from(&text));
            prop_assert_eq!(&known.hide(&stored), &stored);
            let literals: Vec<&str> = pieces(&stored)
                .into_iter()
                .filter_map(|piece| match piece {
                    Piece::Literal(text) => Some(text),
                    Piece::Secret(_) => None,
                })
                .collect();
            prop_assert!(!literals.iter().any(|literal| literal.contains(&a)), "{stored}");
        }
    }
}

//! The code of every diagnostic and how much it weighs, in one list. A code never changes its meaning
//! and its number is never used again; documentation is made from [`Code::ALL`].

use serde::Serialize;

/// Whether a diagnostic stands in the way of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but is probably not meant so.
    Warning,
}

macro_rules! codes {
    ($($name:ident = $text:literal: $meaning:literal,)+) => {
        /// What kind of problem a diagnostic reports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// Every code, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code as printed: `E012-unknown-key`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// What it means, in one line.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),+ }
            }
        }
    };
}

codes! {
    Unreadable = "E001-unreadable": "The file cannot be read.",
    TooLarge = "E002-too-large": "The file is larger than 1 MiB or has more nodes than a schedule can need.",
    NotUtf8 = "E003-not-utf8": "The file is not UTF-8 text.",
    ControlCharacter = "E004-control-character": "The file holds a NUL or another character that YAML forbids.",
    Syntax = "E005-yaml-syntax": "The text is not valid YAML.",
    ManyDocuments = "E006-many-documents": "The file holds more than one YAML document.",
    TooDeep = "E007-too-deep": "Lists or mappings are nested deeper than a schedule can need.",
    Unsupported = "E008-unsupported-yaml": "The file uses a tag, directive or merge key, which have no meaning here.",
    Empty = "E009-empty": "The file defines neither `groups:` nor `workflow:`.",
    WrongType = "E010-wrong-type": "A value is of another type than its key wants.",
    DuplicateKey = "E011-duplicate-key": "A key occurs twice in one mapping.",
    UnknownKey = "E012-unknown-key": "A key has no meaning at this place.",
    MissingKey = "E013-missing-key": "A required key is absent.",
    DoesNotApply = "E014-does-not-apply": "A key has no meaning for this kind of schedule.",
    GivenTwice = "E015-given-twice": "The same thing is said by two keys.",
    BadName = "E016-bad-name": "The name of a group, command or variable is not usable.",
    ReservedName = "E017-reserved-name": "The name belongs to orchestrate itself.",
    BadTime = "E018-bad-time": "A time of day is not written as 24-hour `HH:MM`.",
    BadSchedule = "E019-bad-schedule": "The word after `schedule:` is none of the five kinds.",
    BadWeekday = "E020-bad-weekday": "The day of a weekly task is not a weekday.",
    BadMonthDay = "E021-bad-month-day": "The day of a monthly task is not a number from 1 to 31.",
    BadNumber = "E022-bad-number": "A number is not a plain whole number within its range.",
    BadDuration = "E023-bad-duration": "A duration is malformed, zero where it cannot be, or too long.",
    BadSize = "E024-bad-size": "A size in bytes is malformed or out of range.",
    BadWord = "E025-bad-word": "A value is none of the words that its key knows.",
    BadTimeZone = "E026-bad-time-zone": "The time zone is not in the IANA database.",
    BadText = "E027-bad-text": "A text is empty, too long, or holds what a process cannot be given.",
    MoreProblems = "E028-more-problems": "There are more problems than are shown.",
    BadPattern = "E030-bad-pattern": "A text is no regular expression, or not one with a single group.",
    VariableNotSet = "E031-variable-not-set": "A channel or the dead man's watch needs an environment variable that is not set.",
    TakenName = "E032-taken-name": "The name of a task is another task's name or command.",
    NothingToRun = "W001-nothing-to-run": "The schedule has no task.",
    DuplicateTask = "W002-duplicate-task": "A group holds the same task twice.",
    CommandWithArguments = "W003-command-with-arguments": "A command holds a space; arguments belong under `args:`.",
    NoEffect = "W004-no-effect": "A setting has no effect beside another one.",
    MoreWarnings = "W005-more-warnings": "There are more warnings than are shown.",
    DotenvFile = "W006-dotenv-file": "The `.env` file cannot be read and is left out.",
    DotenvLine = "W007-dotenv-line": "A line of the `.env` file cannot be read and is left out.",
    DotenvStyle = "W008-dotenv-style": "A line of the `.env` file is read, but not by every program that reads such files.",
    UnnamedTwin = "W009-unnamed-twin": "A group has a command more than once, and the tasks have no names.",
    UnquotedTruth = "W010-unquoted-on": "Django reads the same file, and to it a key without quotes is no text.",
}

impl Code {
    /// `E` codes are errors, `W` codes warnings.
    pub fn severity(self) -> Severity {
        if self.as_str().starts_with('W') {
            Severity::Warning
        } else {
            Severity::Error
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that are not used any more, nor again.
    const RETIRED: [&str; 1] = ["E029"];

    #[test]
    fn codes_are_numbered_without_gaps_and_named_in_kebab_case() {
        for letter in ['E', 'W'] {
            let codes = Code::ALL.iter().filter(|code| code.as_str().starts_with(letter));
            let mut numbers = (1..)
                .map(|number| format!("{letter}{number:03}"))
                .filter(|number| !RETIRED.contains(&number.as_str()));
            for code in codes {
                let text = code.as_str();
                assert_eq!(text[..5], format!("{}-", numbers.next().unwrap()), "{text}");
                assert!(
                    text[5..]
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                );
                assert!(code.meaning().ends_with('.'));
            }
        }
    }
}

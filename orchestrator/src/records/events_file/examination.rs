//! What an events file says, taken together: how many records, what is wrong, what
//! the collector told of its failure and leaves for its next run. Pure; bounded
//! whatever the file holds.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::records::events_file::event::{CollectorEvent, FailureReport, Progress, parse_event};
use crate::records::events_file::lines::FileLine;
use crate::records::events_file::mask::mask_line;
use crate::text::{MASK, Secrets};

/// More bad lines than this, and the whole file is refused.
pub const MOST_FAULTS: u64 = 100;

/// The largest state that a collector may leave, in bytes of JSON. An environment
/// variable holds 128 KiB at most (execve(2), MAX_ARG_STRLEN), and shares its room.
pub const LARGEST_STATE: usize = 64 << 10;

/// So many releases can be deferred; more are taken to be dealt with.
const MOST_DEFERRED: usize = 10_000;

/// So many collections can be read, and so many said to be complete; the others are told of.
const MOST_COLLECTIONS: usize = 100;

/// How many notes and warnings are kept in words, and faults shown of a run; all are counted.
const KEPT: usize = 10;

/// What a person is told of a state that is not what the collector left.
const STATE_MASKED: &str = "the value of a secret is in the state that it leaves: \
    it is kept as ***, and that is what its next run is given";

/// Everything of an events file but its records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examination {
    /// Lines that are records.
    pub records: u64,
    /// Bad lines.
    pub faults: u64,
    /// The first of them, in words.
    first_faults: Vec<String>,
    /// What it noted and warned of, the first of each.
    pub notes: Messages,
    /// What it warned of.
    pub warnings: Messages,
    /// What it said last of its failure.
    pub failure: Option<FailureReport>,
    /// What it left last for its next run.
    pub state: Option<String>,
    /// How far it said last that it was.
    pub progress: Option<Progress>,
    /// The collections that it read.
    reads: BTreeSet<String>,
    /// The collections of which it brought all there is.
    complete: BTreeSet<String>,
    /// Whether these are not all of them.
    is_cut: bool,
    /// Releases that it has not dealt with, of whatever name.
    deferred: BTreeSet<String>,
    /// Lines that are not to be kept as they are: with a secret, or too long to be looked at.
    masked: u64,
    /// Whether the state is not what the collector left, because a secret was in it.
    state_masked: bool,
}

/// Messages: the first few, and how many there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Messages {
    /// The first; untrusted text.
    pub first: Vec<String>,
    /// How many in all.
    pub count: u64,
}

impl Messages {
    fn push(&mut self, message: String) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(message);
        }
    }
}

impl Examination {
    /// Looks at one more line, without the secrets in it.
    pub(crate) fn line(&mut self, line: &FileLine<'_>, secrets: Option<&Secrets>) {
        match (line, secrets) {
            (FileLine::Whole(number, bytes), Some(secrets)) => {
                let masked = mask_line(bytes, secrets);
                let is_masked = matches!(masked, Cow::Owned(_));
                self.masked += u64::from(is_masked);
                self.masked_line(&FileLine::Whole(*number, &masked), is_masked);
            }
            (FileLine::TooLong(..), Some(_)) => {
                self.masked += 1;
                self.masked_line(line, true);
            }
            (_, None) => self.masked_line(line, false),
        }
    }

    /// Whether the file is to be kept as [`mask_line`] has it, and not as it is.
    pub(crate) fn needs_masking(&self) -> bool {
        self.masked > 0
    }

    fn masked_line(&mut self, line: &FileLine<'_>, is_masked: bool) {
        match line {
            FileLine::TooLong(number, bytes) => {
                let limit = crate::records::events_file::lines::LONGEST_LINE;
                self.fault(
                    *number,
                    &format_args!("{bytes} bytes long, and {limit} is the limit"),
                );
            }
            FileLine::Whole(_, bytes) if bytes.trim_ascii().is_empty() => {}
            FileLine::Whole(number, bytes) => match parse_event(bytes) {
                Ok(event) => self.event(event, is_masked),
                Err(fault) => self.fault(*number, &fault),
            },
        }
    }

    fn event(&mut self, event: CollectorEvent, is_masked: bool) {
        match event {
            CollectorEvent::Record(_) => self.records += 1,
            CollectorEvent::Progress(progress) => self.progress = Some(progress),
            CollectorEvent::Failure(told) => self.failure = Some(told),
            CollectorEvent::Note(message) => self.notes.push(message),
            CollectorEvent::Warning(message) => self.warnings.push(message),
            CollectorEvent::State(data) => {
                self.state_masked = is_masked && data.contains(MASK);
                self.state = Some(data);
            }
            CollectorEvent::Defer(tags) => {
                let room = MOST_DEFERRED.saturating_sub(self.deferred.len());
                self.deferred.extend(tags.into_iter().take(room));
            }
            CollectorEvent::Read(collection) => self.is_cut |= !put(&mut self.reads, collection),
            CollectorEvent::Complete(collection) => self.is_cut |= !put(&mut self.complete, collection),
        }
    }

    fn fault(&mut self, number: u64, what: &dyn std::fmt::Display) {
        self.faults += 1;
        if self.faults <= MOST_FAULTS {
            self.first_faults.push(format!("line {number}: {what}"));
        }
    }

    /// Those of the releases that it was started for and has not dealt with.
    pub fn deferred(&self, releases: &[String]) -> Vec<String> {
        let deferred = releases.iter().filter(|tag| self.deferred.contains(*tag));
        deferred.cloned().collect()
    }

    /// The collections that it read, in order.
    pub fn reads(&self) -> Vec<String> {
        self.reads.iter().cloned().collect()
    }

    /// The collections of which it brought all there is, in order.
    pub fn complete(&self) -> Vec<String> {
        self.complete.iter().cloned().collect()
    }

    /// Why nothing of the file can be taken, if that is so.
    pub fn refusal(&self) -> Option<String> {
        if self.faults > MOST_FAULTS {
            let first = self.first_faults.first().map_or("", String::as_str);
            return Some(format!(
                "its events file has {} bad lines, and {MOST_FAULTS} are the limit; the first is {first}",
                self.faults
            ));
        }
        let bytes = self.state.as_ref().map_or(0, String::len);
        (bytes > LARGEST_STATE)
            .then(|| format!("the state that it leaves has {bytes} bytes, and {LARGEST_STATE} is the limit"))
    }

    /// Every bad line, in words; of a file with so many that it is refused, the first.
    pub fn bad_lines(&self) -> Vec<String> {
        let mut all = self.first_faults.clone();
        more(&mut all, self.faults, "bad lines");
        all
    }

    /// Whether the file says anything that can be read.
    pub fn says_something(&self) -> bool {
        let told = self.failure.is_some() || self.progress.is_some() || !self.deferred.is_empty();
        told || !self.reads.is_empty()
            || self.brings_something()
            || self.notes.count + self.warnings.count > 0
    }

    /// Whether there is something to be kept.
    pub fn brings_something(&self) -> bool {
        self.records > 0 || self.state.is_some() || !self.complete.is_empty()
    }

    /// Why a success that says nothing else is not believed: all that it meant to bring was refused.
    pub fn brought_only_faults(&self) -> Option<String> {
        let first = self.first_faults.first().filter(|_| self.records == 0)?;
        Some(match self.faults {
            1 => format!("it brought nothing, and the one line that could not be taken was {first}"),
            faults => format!("it brought nothing: {faults} lines could not be taken, the first was {first}"),
        })
    }

    /// What a person should see of it: bad lines first, then the collector's warnings.
    pub fn complaints(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .first_faults
            .iter()
            .take(KEPT)
            .map(|fault| format!("events file, {fault}"))
            .collect();
        more(&mut all, self.faults, "bad lines");
        if self.state_masked {
            all.push(STATE_MASKED.to_owned());
        }
        if self.is_cut {
            all.push(format!(
                "it named more than {MOST_COLLECTIONS} collections as read or complete; the others are not noted"
            ));
        }
        let ours = all.len();
        all.extend(self.warnings.first.iter().cloned());
        let told = self.warnings.count + ours as u64;
        more(&mut all, told, "warnings");
        all
    }
}

/// Adds it, unless there are too many; whether it is in.
fn put(set: &mut BTreeSet<String>, collection: String) -> bool {
    if set.len() < MOST_COLLECTIONS {
        set.insert(collection);
        return true;
    }
    set.contains(&collection)
}

/// Says how many are not in the list.
fn more(list: &mut Vec<String>, count: u64, what: &str) {
    let missing = count.saturating_sub(list.len() as u64);
    if missing > 0 {
        list.push(format!("and {missing} more {what}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examine(lines: &[&str]) -> Examination {
        let mut examination = Examination::default();
        for (line, number) in lines.iter().zip(1..) {
            examination.line(&FileLine::Whole(number, line.as_bytes()), None);
        }
        examination
    }

    #[test]
    fn the_last_word_counts_and_bad_lines_have_numbers() {
        let seen = examine(&[
            r#"{"type":"state","data":{"at":1}}"#,
            "",
            "nonsense",
            r#"{"type":"record","collection":"c","key":"k","data":{}}"#,
            r#"{"type":"state","data":{"at":2}}"#,
            r#"{"type":"warning","message":"careful"}"#,
        ]);
        assert_eq!((seen.records, seen.faults), (1, 1));
        assert_eq!(seen.state.as_deref(), Some(r#"{"at":2}"#));
        assert_eq!(
            seen.complaints(),
            ["events file, line 3: not a JSON object", "careful"]
        );
        assert_eq!(seen.refusal(), None);
    }

    #[test]
    fn only_what_it_was_started_for_can_be_deferred() {
        let seen = examine(&[
            r#"{"type":"defer","releases":["b","x"]}"#,
            r#"{"type":"defer","releases":["c","b"]}"#,
        ]);
        let started_for = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(seen.deferred(&started_for), ["b", "c"]);
        assert!(examine(&[]).deferred(&started_for).is_empty());
        assert!(!seen.brings_something());
    }

    #[test]
    fn many_bad_lines_refuse_the_whole_file_in_few_words() {
        let bad = vec!["["; 101];
        assert_eq!(examine(&bad[..100]).refusal(), None);
        let seen = examine(&bad);
        assert_eq!(
            seen.refusal().unwrap(),
            "its events file has 101 bad lines, and 100 are the limit; \
             the first is line 1: not a JSON object"
        );
        assert_eq!(seen.complaints().len(), KEPT + 1);
        assert_eq!(seen.complaints()[KEPT], "and 91 more bad lines");
    }

    #[test]
    fn a_state_with_a_secret_is_masked_and_that_is_said() {
        let secrets = Secrets::new(["hush-hush"]);
        let mut examination = Examination::default();
        let state = |data: &str| format!(r#"{{"type":"state","data":{data}}}"#);
        let mut look = |line: &str| {
            examination.line(&FileLine::Whole(1, line.as_bytes()), secrets.as_ref());
            (examination.state.clone(), examination.complaints().len())
        };
        assert_eq!(
            look(&state(r#""hush\u002dhush""#)),
            (Some(r#""***""#.to_owned()), 1)
        );
        assert_eq!(look(&state("7")), (Some("7".to_owned()), 0));
        assert!(examination.needs_masking());
    }

    #[test]
    fn a_state_that_no_environment_holds_is_refused() {
        let state = |bytes: usize| format!(r#"{{"type":"state","data":"{}"}}"#, "x".repeat(bytes - 2));
        assert_eq!(examine(&[&state(LARGEST_STATE)]).refusal(), None);
        let refusal = examine(&[&state(LARGEST_STATE + 1)]).refusal().unwrap();
        assert!(refusal.contains("65537 bytes"), "{refusal}");
    }
}

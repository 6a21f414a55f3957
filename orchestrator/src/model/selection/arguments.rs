//! What a run knows about itself, put into the arguments of its tasks: `{slot}`, `{slot_date}`
//! and `{run_id}`, once. `{{slot}}` gives `{slot}`; every other brace is the collector's own.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::ids::RunId;

/// What can be put in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArgumentValues<'a> {
    /// The instant that the task stands for.
    pub(crate) slot: Timestamp,
    /// Its date, as the task's group has it.
    pub(crate) slot_date: Date,
    /// `None` where there is no run yet; its placeholder then stays.
    pub(crate) run: Option<&'a RunId>,
}

const WORDS: [&str; 3] = ["{slot}", "{slot_date}", "{run_id}"];

impl ArgumentValues<'_> {
    /// The argument as the collector is given it.
    pub(crate) fn fill(&self, argument: &str) -> String {
        rewrite(argument, |word, doubled| match word {
            _ if doubled => word.to_owned(),
            "{slot}" => self.slot.to_string(),
            "{slot_date}" => self.slot_date.to_string(),
            _ => self.run.map_or_else(|| word.to_owned(), ToString::to_string),
        })
    }
}

/// The argument that [`ArgumentValues::fill`] makes `argument` of.
pub(crate) fn escape(argument: &str) -> String {
    let mut escaped = String::with_capacity(argument.len());
    let mut rest = argument;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        escaped.push_str(before);
        let word = word_at(from);
        match word {
            Some(word) => escaped.extend(["{", word, "}"]),
            None => escaped.push('{'),
        }
        rest = &from[word.map_or(1, str::len)..];
    }
    escaped + rest
}

fn rewrite(argument: &str, mut replace: impl FnMut(&'static str, bool) -> String) -> String {
    let mut text = String::with_capacity(argument.len());
    let mut rest = argument;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let doubled = word_at(&from[1..]).filter(|word| from[1 + word.len()..].starts_with('}'));
        let taken = if let Some(word) = doubled {
            text.push_str(&replace(word, true));
            word.len() + 2
        } else if let Some(word) = word_at(from) {
            text.push_str(&replace(word, false));
            word.len()
        } else {
            text.push('{');
            1
        };
        rest = &from[taken..];
    }
    text + rest
}

/// The placeholder with which a text begins.
fn word_at(text: &str) -> Option<&'static str> {
    WORDS.into_iter().find(|word| text.starts_with(word))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn fill(argument: &str) -> String {
        let run = RunId::new("20261124-041000-abcdef");
        let values = ArgumentValues {
            slot: "2026-11-24T04:10:00Z".parse().unwrap(),
            slot_date: date(2026, 11, 24),
            run: Some(&run),
        };
        values.fill(argument)
    }

    #[test]
    fn exactly_the_words_are_replaced_and_every_other_brace_stays() {
        for (written, given) in [
            ("--since={slot_date}", "--since=2026-11-24"),
            ("{slot}{run_id}", "2026-11-24T04:10:00Z20261124-041000-abcdef"),
            ("{{slot}}", "{slot}"),
            ("{{{slot}}}", "{{slot}}"),
            ("{{slot}", "{2026-11-24T04:10:00Z"),
            ("{slot}}", "2026-11-24T04:10:00Z}"),
            (
                "{{x}} {} {{}} {Slot} { slot } {secret:A}",
                "{{x}} {} {{}} {Slot} { slot } {secret:A}",
            ),
            ("{slot", "{slot"),
            ("ü{{run_id}}ü{", "ü{run_id}ü{"),
        ] {
            assert_eq!(fill(written), given, "{written}");
        }
    }

    #[test]
    fn without_a_run_its_id_stays_open() {
        let values = ArgumentValues {
            slot: Timestamp::UNIX_EPOCH,
            slot_date: date(1970, 1, 1),
            run: None,
        };
        assert_eq!(values.fill("{run_id} {slot_date}"), "{run_id} 1970-01-01");
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_given_as_it_was(
            parts in prop::collection::vec(prop::sample::select(&["{", "}", "slot", "slot_date", "run_id", "{slot}", "ü", " "][..]), 0..12),
        ) {
            let argument = parts.concat();
            prop_assert_eq!(fill(&escape(&argument)), argument);
        }
    }
}

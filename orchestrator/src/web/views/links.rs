//! Addresses of pages. Names of collectors come in only percent-encoded, ids only if they are
//! ids: what cannot be an address of ours becomes none.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::model::RunId;

/// Everything but what RFC 3986 calls unreserved.
const PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The page of a collector.
pub(crate) fn collector(group: &str, name: &str) -> String {
    format!("/collectors/{}/{}", part(group), part(name))
}

/// The page of a run; `None` for what is no id of ours.
pub(crate) fn run(run: &RunId) -> Option<String> {
    is_run_id(run.as_str()).then(|| format!("/runs/{run}"))
}

/// The log of an attempt at a place of a run's plan; both count from 1.
pub(crate) fn log(run: &RunId, position: usize, attempt: u32) -> Option<String> {
    is_run_id(run.as_str()).then(|| format!("/runs/{run}/logs/{position}.{attempt}"))
}

/// Where something is done to a group.
pub(crate) fn group_action(group: &str, verb: &str) -> String {
    format!("/groups/{}/{verb}", part(group))
}

/// Where something is done with a collector.
pub(crate) fn collector_action(group: &str, name: &str, verb: &str) -> String {
    format!("{}/{verb}", collector(group, name))
}

/// Where something is done to a run; `None` for what is no id of ours.
pub(crate) fn run_action(id: &RunId, verb: &str) -> Option<String> {
    run(id).map(|page| format!("{page}/{verb}"))
}

/// A task in one word, which [`read_task`] reads: `group/name`.
pub(crate) fn task(group: &str, name: &str) -> String {
    format!("{}/{}", part(group), part(name))
}

/// Group and name of such a word.
pub(crate) fn read_task(word: &str) -> Option<(String, String)> {
    let (group, name) = word.split_once('/')?;
    let read = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
    Some((read(group)?, read(name)?))
}

/// A page with a query of these parameters; those without a value are left out.
pub(crate) fn with_query(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let given: Vec<String> = parameters
        .iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .map(|(name, value)| format!("{name}={}", part(value)))
        .collect();
    match given.as_slice() {
        [] => path.to_owned(),
        given => format!("{path}?{}", given.join("&")),
    }
}

fn part(text: &str) -> String {
    utf8_percent_encode(text, PART).to_string()
}

/// Whether it is `20261130-030000-d014f0`: eight digits, six digits, six hexadecimal ones.
pub(crate) fn is_run_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [day, time, end] = parts.as_slice() else {
        return false;
    };
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    digits(day, 8) && digits(time, 6) && end.len() == 6 && end.bytes().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_part_of_an_address_and_nothing_else() {
        assert_eq!(collector("github", "run_x#2"), "/collectors/github/run_x%232");
        assert_eq!(
            collector("../a", "\"><script>?x"),
            "/collectors/..%2Fa/%22%3E%3Cscript%3E%3Fx"
        );
        assert_eq!(
            with_query(
                "/runs",
                &[("group", Some("a b&c")), ("outcome", None), ("by", Some(""))]
            ),
            "/runs?group=a%20b%26c"
        );
    }

    #[test]
    fn a_task_is_one_word_and_the_same_again() {
        for (group, name) in [("g", "run_x"), ("a/b", "c%2Fd#2"), ("\u{e4} \"", "&=")] {
            let read = read_task(&task(group, name));
            assert_eq!(read, Some((group.to_owned(), name.to_owned())));
        }
        for none in ["", "g", "g/%ff"] {
            assert_eq!(read_task(none), None, "{none}");
        }
    }

    #[test]
    fn only_ids_are_ids() {
        assert!(is_run_id("20261130-030000-d014f0"));
        for other in [
            "",
            "..",
            "20261130-030000-D014F0",
            "20261130-030000-d014f0/",
            "2026113-030000-d014f0",
            "20261130-030000-d014f0-1",
            "last",
            "20261130-030000-d014g0",
        ] {
            assert!(!is_run_id(other), "{other}");
            assert_eq!(run(&RunId::new(other)), None);
        }
    }
}

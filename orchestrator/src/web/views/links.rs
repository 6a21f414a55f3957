//! Addresses of pages. Names of collectors come in only percent-encoded, ids only if they are
//! ids: what cannot be an address of ours becomes none.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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

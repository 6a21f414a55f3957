//! When a success is not believed: the collector ended well and did not bring what it
//! should have. Pure; called by the engine when a collector has succeeded, before its
//! end is told.

use std::time::Duration;

use crate::model::schedule::Expect;

/// What a success brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brought {
    /// Records, whether they are new or not.
    pub records: u64,
    /// How long ago it last brought something new or changed; zero if it just did,
    /// `None` if it never has.
    pub newest: Option<Duration>,
}

/// Why a success is suspect, in words that stand alone; `None` if it is not.
pub fn suspicion(expect: &Expect, brought: Brought) -> Option<String> {
    if let Some(min) = expect.min_records
        && brought.records < min
    {
        let records = match brought.records {
            1 => "1 record".to_owned(),
            records => format!("{records} records"),
        };
        return Some(format!("it brought {records}, and {min} are expected at least"));
    }
    let max = expect.max_age?;
    let limit = humantime::format_duration(max);
    match brought.newest {
        None => Some(format!(
            "it has never brought anything new, and should every {limit}"
        )),
        Some(age) if age > max => {
            let age = humantime::format_duration(Duration::from_secs(age.as_secs()));
            Some(format!(
                "it last brought something new {age} ago, and should every {limit}"
            ))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_or_too_old_is_suspect() {
        let expect = Expect {
            min_records: Some(10),
            max_age: Some(Duration::from_secs(3 * 86_400)),
        };
        let said = |records, newest: Option<u64>| {
            let newest = newest.map(Duration::from_secs);
            suspicion(&expect, Brought { records, newest }).unwrap_or_default()
        };
        assert_eq!(
            said(9, Some(0)),
            "it brought 9 records, and 10 are expected at least"
        );
        assert_eq!(said(10, Some(3 * 86_400)), "");
        assert_eq!(
            said(10, Some(3 * 86_400 + 60)),
            "it last brought something new 3days 1m ago, and should every 3days"
        );
        assert_eq!(
            said(10, None),
            "it has never brought anything new, and should every 3days"
        );
        let nothing = Brought {
            records: 0,
            newest: None,
        };
        assert_eq!(suspicion(&Expect::default(), nothing), None);
    }
}

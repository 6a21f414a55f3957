//! What somebody may have meant by a time zone that no database knows: an offset, an
//! abbreviation, a city, or a name with a slip. Pure.

use crate::model::nearest;

const EXAMPLE: &str = "write a name of the IANA time zone database, like `Europe/Berlin` or `UTC`";

/// Abbreviations name an offset of a season, and some more than one; places know both.
const ABBREVIATIONS: [(&str, &str); 34] = [
    ("PST", "`America/Los_Angeles`"),
    ("PDT", "`America/Los_Angeles`"),
    ("PT", "`America/Los_Angeles`"),
    ("MDT", "`America/Denver`"),
    ("MT", "`America/Denver`"),
    ("CST", "`America/Chicago` or `Asia/Shanghai`"),
    ("CDT", "`America/Chicago`"),
    ("CT", "`America/Chicago`"),
    ("EDT", "`America/New_York`"),
    ("ET", "`America/New_York`"),
    ("AKST", "`America/Anchorage`"),
    ("AKDT", "`America/Anchorage`"),
    ("AST", "`America/Halifax` or `Asia/Riyadh`"),
    ("ADT", "`America/Halifax`"),
    ("BRT", "`America/Sao_Paulo`"),
    ("ART", "`America/Argentina/Buenos_Aires`"),
    ("BST", "`Europe/London`"),
    ("WEST", "`Europe/Lisbon`"),
    ("CEST", "`Europe/Berlin`"),
    ("MEZ", "`Europe/Berlin`"),
    ("MESZ", "`Europe/Berlin`"),
    ("EEST", "`Europe/Athens`"),
    ("MSK", "`Europe/Moscow`"),
    ("TRT", "`Europe/Istanbul`"),
    ("IST", "`Asia/Kolkata`, `Europe/Dublin` or `Asia/Jerusalem`"),
    ("SAST", "`Africa/Johannesburg`"),
    ("JST", "`Asia/Tokyo`"),
    ("KST", "`Asia/Seoul`"),
    ("HKT", "`Asia/Hong_Kong`"),
    ("SGT", "`Asia/Singapore`"),
    ("AEST", "`Australia/Sydney`"),
    ("AEDT", "`Australia/Sydney`"),
    ("NZST", "`Pacific/Auckland`"),
    ("NZDT", "`Pacific/Auckland`"),
];

/// What to do about a name. `names` are those of the database; none of them, and only a
/// guess of the last kind is not made.
pub(crate) fn zone_hint(written: &str, names: &[String]) -> String {
    let name = written.trim();
    if let Some(hint) = offset_hint(name).or_else(|| word_hint(name)) {
        return hint;
    }
    let names = || names.iter().map(String::as_str);
    let last = |name: &'_ str| name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let city = last(name).replace(' ', "_");
    let same_city = || names().find(|full| full.contains('/') && last(full) == city);
    match same_city().or_else(|| nearest(name, names())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => EXAMPLE.to_owned(),
    }
}

/// `Z`, `+02:00`, `UTC+2`, `GMT-5`, `UTC+5:30`.
fn offset_hint(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    if upper == "Z" {
        return Some("write `UTC`".to_owned());
    }
    let offset = upper
        .strip_prefix("UTC")
        .or_else(|| upper.strip_prefix("GMT"))
        .unwrap_or(&upper)
        .trim_start();
    let offset = offset.replacen('\u{2212}', "-", 1);
    let (side, digits) = match offset.strip_prefix('+') {
        Some(digits) => ("ahead of", digits),
        None => ("behind", offset.strip_prefix('-')?),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    let (hours, minutes): (u8, u8) = (hours.trim().parse().ok()?, minutes.parse().ok()?);
    let most = if side == "behind" { 12 } else { 14 };
    Some(match (hours, minutes) {
        (0, 0) => "write `UTC`".to_owned(),
        (1.., 0) if hours <= most => {
            // POSIX counts to the west.
            let sign = if side == "behind" { '+' } else { '-' };
            format!(
                "{hours} h {side} UTC all the year is `Etc/GMT{sign}{hours}`: its sign is the other way \
                 round; with daylight saving time write a place, like `Europe/Berlin`"
            )
        }
        _ => "an offset is no time zone: write a place that has it, like `Asia/Kolkata` for UTC+5:30"
            .to_owned(),
    })
}

fn word_hint(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    if ["LOCAL", "LOCALTIME", "SYSTEM"].contains(&upper.as_str()) {
        let hint = "write the name of the zone, which `timedatectl` shows for this machine";
        return Some(hint.to_owned());
    }
    if let Some((_, places)) = ABBREVIATIONS.iter().find(|(short, _)| *short == upper) {
        return Some(format!(
            "an abbreviation is no time zone: write a place, like {places}"
        ));
    }
    // The nearest abbreviation is hours away.
    let is_short = name.len() <= 5 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    is_short.then(|| match nearest(name, ["UTC", "GMT"]) {
        Some(near) => format!("did you mean `{near}`?"),
        None => EXAMPLE.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(written: &str) -> String {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        zone_hint(written, &names)
    }

    #[test]
    fn an_offset_is_told_with_the_sign_that_the_database_gives_it() {
        for zero in ["Z", "z", "UTC+0", "+00:00", "GMT-00", "UTC +0"] {
            assert_eq!(hint(zero), "write `UTC`", "{zero}");
        }
        for ahead in ["GMT+5", "UTC+5", "UTC+05:00", "+05:00", "+0500", "+5", "utc + 5"] {
            assert!(
                hint(ahead).starts_with("5 h ahead of UTC all the year is `Etc/GMT-5`: "),
                "{ahead}: {}",
                hint(ahead)
            );
        }
        for behind in ["GMT-8", "UTC-08:00", "-8", "UTC\u{2212}8"] {
            assert!(
                hint(behind).starts_with("8 h behind UTC all the year is `Etc/GMT+8`: "),
                "{behind}"
            );
        }
        for odd in ["UTC+5:30", "+05:45", "UTC+15", "GMT-13"] {
            assert!(hint(odd).starts_with("an offset is no time zone"), "{odd}");
        }
        // What is promised means that.
        let zone = jiff::tz::TimeZone::get("Etc/GMT-5").unwrap();
        assert_eq!(zone.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds(), 5 * 3600);
    }

    #[test]
    fn no_abbreviation_is_taken_for_its_neighbour() {
        assert_eq!(
            hint("PST"),
            "an abbreviation is no time zone: write a place, like `America/Los_Angeles`"
        );
        assert!(hint("cest").ends_with("like `Europe/Berlin`"));
        assert!(hint("IST").contains("`Asia/Kolkata`, `Europe/Dublin` or"));
        assert_eq!(hint("XST"), EXAMPLE);
        assert_eq!(hint("UTCC"), "did you mean `UTC`?");
        assert!(hint("local").contains("timedatectl"));
        for (_, places) in ABBREVIATIONS {
            for place in places.split('`').skip(1).step_by(2) {
                assert!(jiff::tz::TimeZone::get(place).is_ok(), "{place}");
            }
        }
    }

    #[test]
    fn a_city_or_a_slip_is_found() {
        for (written, meant) in [
            ("Berlin", "Europe/Berlin"),
            ("America/Berlin", "Europe/Berlin"),
            ("New York", "America/New_York"),
            ("Europe/Berlim", "Europe/Berlin"),
            ("US/Pacfic", "US/Pacific"),
        ] {
            assert_eq!(hint(written), format!("did you mean `{meant}`?"));
        }
        assert_eq!(hint("Middle/Earth"), EXAMPLE);
    }
}

//! Durations in humantime form: `90s`, `1h 30m`.

use std::time::Duration;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::quote;
use crate::config::values::fields::wrong_type;
use crate::config::yaml::node::{Node, Value};

/// No duration is longer, so that adding it to an instant cannot overflow.
const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A duration in humantime form, at least `min`.
pub(crate) fn duration(
    node: &Node,
    what: &str,
    min: Duration,
    report: &mut Problems<'_>,
) -> Option<Duration> {
    let fault = |message: String, hint: String| Problem::new(Code::BadDuration, node.at, message).hint(hint);
    let unitless = |number: &str| {
        let hint = format!("write the unit: `{number}s`, `{number}m` or `{number}h`");
        fault(format!("{what} has no unit: {}", quote(number)), hint)
    };
    let problem = match &node.value {
        Value::Int(int) if int.plain() == Some(0) && min.is_zero() => {
            fault(format!("{what} has no unit"), "write `0s`".to_owned())
        }
        Value::Int(int) => unitless(&int.text),
        Value::Float(text) => unitless(text),
        Value::Text(text) => {
            let written = text.text.trim();
            if !written.is_empty() && written.bytes().all(|b| b.is_ascii_digit()) {
                unitless(written)
            } else {
                match parse_duration(written) {
                    Ok(duration) if duration > MAX_DURATION => fault(
                        format!("{what} is longer than 366 days"),
                        "write a shorter duration".to_owned(),
                    ),
                    Ok(duration) if duration < min && duration.is_zero() => fault(
                        format!("{what} cannot be zero"),
                        "write a duration like `90s`, or remove the key".to_owned(),
                    ),
                    Ok(duration) if duration < min => {
                        let least = humantime::format_duration(min);
                        fault(
                            format!("{what} cannot be shorter than {least}"),
                            format!("write at least `{least}`"),
                        )
                    }
                    Ok(duration) => return Some(duration),
                    Err(hint) => fault(format!("{what} cannot be {}", quote(&text.text)), hint),
                }
            }
        }
        _ => {
            wrong_type(
                node,
                what,
                "a duration",
                "write a number with its unit: `90s`, `30m`, `1h 30m`, `2days`",
                report,
            );
            return None;
        }
    };
    report.add(problem);
    None
}

/// The error is a hint.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let units = || "write a number with its unit: `90s`, `30m`, `1h 30m`, `2days`".to_owned();
    if text.len() > 64 {
        return Err(units());
    }
    let ends_in_month = |part: &str| {
        part.strip_suffix('M')
            .is_some_and(|number| number.ends_with(|c: char| c.is_ascii_digit()))
    };
    if text.split_whitespace().any(ends_in_month) {
        // humantime takes `30M` for thirty months, which nobody means here.
        return Err(format!(
            "`M` would be months; write `{}` for minutes",
            text.replace('M', "m")
        ));
    }
    humantime::parse_duration(text).map_err(|_| units())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_not_taken_for_minutes() {
        assert_eq!(parse_duration("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(parse_duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(
            parse_duration("30M"),
            Err("`M` would be months; write `30m` for minutes".to_owned())
        );
        assert!(parse_duration("99999999999999999999h").is_err());
        assert!(parse_duration("-5s").is_err());
    }
}

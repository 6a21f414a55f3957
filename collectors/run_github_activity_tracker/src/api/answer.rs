//! What GitHub's answers mean. Pure: status and header fields in, a page or a
//! failure out.

use std::time::Duration;

use collector_kit::{Category, Failure};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// How long to wait where a limit is said but not for how long: what GitHub's
/// guide to rate limits asks for.
const UNSAID: Duration = Duration::from_secs(60);
/// No limit lasts longer than an hour; a clock that is wrong may say more.
const LONGEST: Duration = Duration::from_secs(2 * 3600);

/// The header fields that matter, as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// `ETag`: names this very content.
    pub(super) etag: Option<String>,
    /// `Link` (RFC 8288): where the next page is.
    pub(super) link: Option<String>,
    /// `Retry-After` (RFC 9110), in seconds.
    pub(super) retry_after: Option<String>,
    /// `X-RateLimit-Remaining`: how many requests are left.
    pub(super) remaining: Option<String>,
    /// `X-RateLimit-Reset`: when there are more, in seconds since 1970.
    pub(super) reset: Option<String>,
    /// `Date` (RFC 9110): the server's clock, the one that `reset` goes by.
    pub(super) date: Option<String>,
}

/// Why an answer that is none of 200, 304 and 410 is a failure.
pub(super) fn failure(what: &str, status: u16, fields: &Fields) -> Failure {
    let failed =
        |category, why: &str| Failure::new(category, format!("{what}: GitHub answered {status}: {why}"));
    match status {
        401 => failed(Category::Auth, "the token is not accepted")
            .hint("GITHUB_TOKEN must hold a token that is valid and not expired"),
        403 | 429 => match limit(status, fields) {
            Some(wait) => failed(Category::RateLimit, "too many requests")
                .hint(format!(
                    "the limit ends in {} s; what was read is kept",
                    wait.as_secs()
                ))
                .retry_after(wait),
            None => failed(Category::Auth, "not allowed")
                .hint("the token needs read access to issues, pull requests and contents"),
        },
        404 | 451 => failed(
            Category::Validation,
            "there is no such repository, or the token may not see it",
        )
        .hint("check the name given with --github or --repository"),
        500..=599 => {
            failed(Category::Network, "it has a problem of its own").hint("run again: what was read is kept")
        }
        _ => failed(Category::Validation, "unexpected").hint("GITHUB_API_URL must name a GitHub REST API"),
    }
}

/// How long to wait, if the answer is about a limit.
fn limit(status: u16, fields: &Fields) -> Option<Duration> {
    let number = |text: &Option<String>| text.as_ref()?.trim().parse::<i64>().ok();
    if let Some(seconds) = number(&fields.retry_after) {
        return Some(bounded(seconds));
    }
    if fields.remaining.as_deref().map(str::trim) == Some("0") {
        let now = fields.date.as_ref().and_then(|date| http_date(date));
        return match (number(&fields.reset), now) {
            (Some(reset), Some(now)) => Some(bounded(reset.saturating_sub(now.as_second()))),
            _ => Some(UNSAID),
        };
    }
    (status == 429).then_some(UNSAID)
}

fn bounded(seconds: i64) -> Duration {
    // One more: the limit ends within its last second.
    let seconds = u64::try_from(seconds.saturating_add(1)).unwrap_or(1).max(1);
    Duration::from_secs(seconds).min(LONGEST)
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|date| date.timestamp())
}

/// The address of the next page in a `Link` field.
pub(super) fn next(link: &str) -> Option<&str> {
    link.split(',').find_map(|one| {
        let (address, parameters) = one.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters
            .split(';')
            .any(|parameter| matches!(parameter.trim(), r#"rel="next""# | "rel=next"));
        is_next.then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn limits_say_how_long() {
        let seconds = |status, fields: Fields| {
            failure("x", status, &fields)
                .retry_after
                .map(|wait| wait.as_secs())
        };
        let reset = |reset: &str, date: &str| Fields {
            remaining: field("0"),
            reset: field(reset),
            date: field(date),
            ..Fields::default()
        };
        let retry = Fields {
            retry_after: field("30"),
            ..Fields::default()
        };
        assert_eq!(seconds(403, retry.clone()), Some(31));
        assert_eq!(seconds(429, retry), Some(31));
        assert_eq!(
            seconds(403, reset("1000", "Thu, 01 Jan 1970 00:15:00 GMT")),
            Some(101)
        );
        assert_eq!(
            seconds(403, reset("1000", "Thu, 01 Jan 1970 01:00:00 GMT")),
            Some(1)
        );
        assert_eq!(
            seconds(403, reset("9999999999", "Thu, 01 Jan 1970 01:00:00 GMT")),
            Some(7200)
        );
        assert_eq!(seconds(403, reset("soon", "yesterday")), Some(60));
        assert_eq!(seconds(429, Fields::default()), Some(60));
        assert_eq!(seconds(403, Fields::default()), None);
    }

    #[test]
    fn each_status_has_its_category() {
        for (status, category) in [
            (401, Category::Auth),
            (403, Category::Auth),
            (404, Category::Validation),
            (422, Category::Validation),
            (429, Category::RateLimit),
            (500, Category::Network),
            (503, Category::Network),
        ] {
            assert_eq!(
                failure("x", status, &Fields::default()).category,
                category,
                "{status}"
            );
        }
    }

    #[test]
    fn the_next_page() {
        let link = r#"<https://h/x?page=1>; rel="prev", <https://h/x?page=3>; rel="next", <https://h/x?page=9>; rel="last""#;
        assert_eq!(next(link), Some("https://h/x?page=3"));
        for none in [
            "",
            "<https://h/x>; rel=\"last\"",
            "https://h/x; rel=\"next\"",
            "<x; rel=\"next\"",
        ] {
            assert_eq!(next(none), None, "{none}");
        }
    }
}

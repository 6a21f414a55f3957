//! The instant that a run stands for.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::failure::{Category, Failure};

/// The UTC date of `ORCHESTRATE_SLOT` (RFC 3339), like `2026-11-25`; by hand,
/// today. Errors: it is no instant (78).
pub fn slot_date() -> anyhow::Result<String> {
    let slot = std::env::var("ORCHESTRATE_SLOT").unwrap_or_default();
    let instant = if slot.is_empty() {
        now()
    } else {
        slot.parse().map_err(|_| {
            Failure::new(
                Category::Configuration,
                format!("ORCHESTRATE_SLOT is {slot:?}, which is no instant"),
            )
            .hint("write it like 2026-11-03T06:00:00Z, or unset it")
        })?
    };
    Ok(TimeZone::UTC.to_datetime(instant).date().to_string())
}

#[expect(
    clippy::disallowed_methods,
    reason = "by hand there is no slot, and a collector has no clock but the system's"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

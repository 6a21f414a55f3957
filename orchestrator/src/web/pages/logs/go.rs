//! `?go=` of the page of a log: to a line by its number, or to a moment.

use std::time::Instant;

use crate::queries::logs::find::PATIENCE;
use crate::queries::logs::jump::{Aim, Landing, jump};
use crate::queries::logs::opened::open_log;
use crate::store::RecordedAttempt;
use crate::web::fault::Fault;
use crate::web::pages::logs::asked::{Asked, unreadable};
use crate::web::site::Site;

/// Looks for the place that `go` names, from `from` on; a few such searches at a time.
pub(crate) async fn go_to(
    site: &Site,
    asked: &Asked,
    attempt: &RecordedAttempt,
    go: &str,
    from: Option<u64>,
) -> Result<Landing, Fault> {
    let aim = Aim::parse(go, attempt.started_at).ok_or_else(|| {
        Fault::bad_request("`go` is no line and no time of a log")
            .hint("a number, `04:10:07` or `2026-11-30T04:10:07Z`; times are UTC")
    })?;
    let Ok(_turn) = site.log_searches.acquire().await else {
        return Err(Fault::bad_request("this process ends"));
    };
    let opened = open_log(&site.store, &site.state_dir, asked.run(), attempt).await;
    let mut file = unreadable(Ok(opened))?;
    let first = file.first();
    // Whoever has the log from a later byte on only would be told another line.
    if matches!(aim, Aim::Line(_)) && first > 0 {
        return Err(Fault::bad_request(
            "the beginning of this log is not here, so its lines cannot be counted",
        )
        .hint("go to a time"));
    }
    let from = from.unwrap_or_default().max(first);
    let searched = tokio::task::spawn_blocking(move || jump(&mut file, aim, from, Instant::now() + PATIENCE));
    unreadable(searched.await)
}

//! `/api/v1/notices`: who was told what, and whether it arrived.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use jiff::Timestamp;
use serde::Deserialize;

use crate::store::{NoticePlace, RecordedNotice, Role};
use crate::web::api::answer::list::{ListPage, key, limit, wrong_cursor};
use crate::web::api::document::path::{ApiPath, CURSOR, LIMIT};
use crate::web::api::document::shape::Shape;
use crate::web::api::route::route_of;
use crate::web::fault::Fault;
use crate::web::parameters::Parameters;
use crate::web::route_policy::Routes;
use crate::web::site::Site;

pub(crate) const PATH: ApiPath = ApiPath {
    path: "/api/v1/notices",
    summary: "Who was told what, and whether it arrived; the newest first",
    role: Role::Viewer,
    parameters: &[CURSOR, LIMIT],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("channel", Shape::Text),
                ("kind", Shape::Text),
                ("group", Shape::Text),
                ("name", Shape::Text),
                ("at", Shape::Instant),
                ("reason", Shape::Text),
                ("state", Shape::Text),
                ("tries", Shape::Count),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
};

pub(crate) fn route() -> Routes {
    route_of(&PATH, notices)
}

/// A page of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticesQuery {
    cursor: Option<String>,
    limit: Option<u32>,
}

async fn notices(
    State(site): State<Arc<Site>>,
    Parameters(query): Parameters<NoticesQuery>,
) -> Result<Json<ListPage<RecordedNotice>>, Fault> {
    let after = key(query.cursor.as_deref())?;
    let after = after
        .map(|key| place(&key).ok_or_else(wrong_cursor))
        .transpose()?;
    let limit = limit(query.limit)?;
    let found = site.store.notices_after(after.as_ref(), limit + 1).await?;
    Ok(Json(ListPage::of(found, limit, |recorded| {
        let notice = &recorded.notice;
        format!(
            "{}\n{}\n{}",
            notice.at.as_microsecond(),
            notice.channel,
            notice.subject
        )
    })))
}

fn place(key: &str) -> Option<NoticePlace> {
    let mut parts = key.splitn(3, '\n');
    let (at, channel, subject) = (parts.next()?, parts.next()?, parts.next()?);
    Some(NoticePlace {
        at: Timestamp::from_microsecond(at.parse().ok()?).ok()?,
        subject: subject.to_owned(),
        channel: channel.to_owned(),
    })
}

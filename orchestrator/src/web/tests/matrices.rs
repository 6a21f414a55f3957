//! Who may change something, from where, and to what: every route that does by everything that a
//! request can be.

use axum::body::Body;
use axum::http::{HeaderName, StatusCode, header};

use super::night::{RUN, hostile_run};
use super::noting_desk::operated;
use super::sign_in::ACCEPT;
use super::who::address;
use super::{FROM_OUR_PAGE, Fixture, now};
use crate::store::Role;
use crate::web::access::entrance::tests::local;
use crate::web::route_policy::Admits;
use crate::web::routes::known_routes;

/// Where a request comes from, by what it shows, for every route that
/// changes something.
#[tokio::test]
async fn who_changes_something_comes_from_a_page_of_ours_or_shows_a_token() {
    let (site, cookie) = operated().await;
    let bearer = site.token("robot", Role::Operator).await;
    let bearer = format!("Bearer {bearer}");
    let fetch_site = HeaderName::from_static("sec-fetch-site");
    let origins = [
        ("nothing said", None),
        ("same-origin", Some((fetch_site.clone(), "same-origin"))),
        ("same-site", Some((fetch_site.clone(), "same-site"))),
        ("cross-site", Some((fetch_site.clone(), "cross-site"))),
        ("none", Some((fetch_site, "none"))),
        ("null", Some((header::ORIGIN, "null"))),
        ("another port", Some((header::ORIGIN, "http://localhost:9000"))),
        ("another name", Some((header::ORIGIN, "http://evil.example"))),
        ("our origin", Some((header::ORIGIN, "http://localhost:8080"))),
    ];
    let mut asked = 0;
    for route in known_routes().iter().filter(|route| route.method != "GET") {
        for (from, origin) in &origins {
            for (shown, credential) in [
                ("cookie", Some((header::COOKIE, cookie.as_str()))),
                ("bearer", Some((header::AUTHORIZATION, bearer.as_str()))),
                ("nothing", None),
            ] {
                let headers = [(header::HOST, "localhost:8080")].into_iter();
                let headers = headers.chain(origin.clone()).chain(credential);
                let path = address(route.path);
                let answer = site.ask_with(route.method.as_str(), &path, headers).await;
                let is_ours = matches!(*from, "same-origin" | "our origin");
                let passes = is_ours || (*from == "nothing said" && shown == "bearer");
                let is_refused =
                    answer.status == StatusCode::FORBIDDEN && answer.text.contains("cross_origin");
                assert_eq!(
                    is_refused, !passes,
                    "{path} from {from} with {shown}: {}",
                    answer.text
                );
                let acts = route.admits == Admits::Acting;
                if acts && passes && shown == "nothing" {
                    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} from {from}");
                }
                asked += 1;
                if route.path == "/logout" && passes && shown == "cookie" {
                    // The others still have it.
                    assert_eq!(answer.status, StatusCode::SEE_OTHER);
                }
            }
        }
    }
    assert!(asked > 200, "{asked}");
    assert_eq!(site.acted(), []);
}

#[tokio::test]
async fn who_only_looks_changes_nothing() {
    let site = Fixture::with(local()).await;
    hostile_run(&site).await;
    let bytes = || {
        let files = ["orchestrate.db", "orchestrate.db-wal"].map(|name| site.dir.path().join(name));
        files.map(|file| std::fs::read(file).unwrap_or_default())
    };
    let paths: Vec<String> = known_routes()
        .iter()
        .filter(|route| route.method == "GET")
        .map(|route| address(route.path).replace("20261125-000000-d014f0", RUN))
        .collect();
    let before = bytes();
    for path in paths.iter().chain(&paths) {
        site.browse(path).await;
    }
    assert!(before == bytes(), "a GET has written");
    assert!(paths.len() > 20);
}

/// Traversal: what is no id of a run, and names that are no names.
#[tokio::test]
async fn nothing_is_done_to_what_is_no_run() {
    let (site, cookie) = operated().await;
    let key = site.form_key("/groups/early/pause", &cookie).await;
    for run in [
        "..",
        "%2e%2e",
        "..%2f..%2fetc%2fpasswd",
        "last",
        "%00",
        "20261130-030000-d014f0%00",
        "20261130-030000-D014F0",
        "a%0d%0ab",
    ] {
        for verb in ["cancel", "retry"] {
            let path = format!("/runs/{run}/{verb}");
            let page = site.browse_as(&path, &cookie).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}: {}", page.text);
            let answer = site
                .post_as(&path, Some(&cookie), &format!("key={key}&task=a%2Fb"))
                .await;
            assert!(
                matches!(answer.status.as_u16(), 403 | 404),
                "{path}: {}",
                answer.status
            );
        }
    }
    let headers = [
        (header::HOST, "localhost"),
        FROM_OUR_PAGE,
        (header::COOKIE, cookie.as_str()),
    ];
    let kinds = [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
    ];
    for kind in kinds {
        let headers = headers.clone().into_iter().chain([(header::CONTENT_TYPE, kind)]);
        let answer = site
            .send_body(
                "POST",
                "/groups/early/pause",
                headers,
                Body::from(format!("key={key}")),
            )
            .await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    assert_eq!(site.acted(), []);
}

#[tokio::test]
async fn only_who_may_act_gets_a_form_and_only_his_own_is_answered() {
    let (site, cookie) = operated().await;
    let path = "/groups/early/pause";
    let key = site.form_key(path, &cookie).await;
    let (wall, other) = (
        site.token("wall", Role::Viewer).await,
        site.token("other", Role::Operator).await,
    );
    let (viewer, other) = (site.sign_in(&wall).await, site.sign_in(&other).await);
    for (who, cookie) in [("a viewer", Some(&viewer)), ("nobody", None)] {
        let cookies = cookie.map(|cookie| (header::COOKIE, cookie.as_str()));
        let headers = [(header::HOST, "localhost"), ACCEPT].into_iter().chain(cookies);
        let page = site.ask_with("GET", path, headers).await;
        assert_eq!(page.status, StatusCode::OK, "{who}");
        assert!(
            page.text.contains("type=\"submit\" disabled") && page.field("key").is_none(),
            "{who}"
        );
        let status = if cookie.is_some() {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::UNAUTHORIZED
        };
        let refused = site
            .post_as(path, cookie.map(String::as_str), &format!("key={key}"))
            .await;
        assert_eq!(refused.status, status, "{who}");
    }
    for (cookie, path, key) in [
        (&other, path, key.as_str()),
        (&cookie, "/groups/other/pause", &key),
        (&cookie, path, ""),
        (&cookie, path, "a.b"),
    ] {
        let refused = site.post_as(path, Some(cookie), &format!("key={key}")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path} {key}");
    }
    assert_eq!(site.acted(), []);
    // A token that is revoked in between is no operator's.
    site.store.revoke_token("ops", now()).await.unwrap();
    let refused = site.post_as(path, Some(&cookie), &format!("key={key}")).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.acted(), []);
}

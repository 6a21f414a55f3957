//! The JSON API: every path has a document, a role and a form, and answers in it; lists have pages;
//! what is the same is not sent again.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::night::{RUN, hostile_run};
use super::*;
use crate::store::{Role, SecretHash};
use crate::web::api::document::path::ParameterPlace;
use crate::web::api::openapi::PATHS as DOCUMENTS;

/// A path of which each part names something that is there.
fn real(path: &str) -> String {
    path.replace("{run}", RUN)
        .replace("{place}", "1.2")
        .replace("{group}", "early")
        .replace("{name}", "usage")
        .replace("{collection}", "weather")
}

/// Something in every list.
async fn filled() -> Fixture {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    logs::write_log(&site, "1-x.2.log", &logs::hostile_log());
    site
}

#[tokio::test]
async fn every_path_answers_in_the_form_of_its_document() {
    let site = filled().await;
    for document in DOCUMENTS {
        let path = real(document.path);
        let answer = site.get(&path).await;
        if document.path.contains("{collection}") {
            assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "nobody brought any: {}",
                answer.text
            );
            continue;
        }
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert_eq!(document.answer.breach(&answer.json()), None, "{path}");
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json", "{path}");
        assert_eq!(
            answer.headers[header::CACHE_CONTROL],
            "private, no-cache",
            "{path}"
        );
        // Whoever knows it is told that it is the same, and no more.
        let name = answer.headers[header::ETAG].to_str().unwrap();
        let again = [(header::HOST, "localhost"), (header::IF_NONE_MATCH, name)];
        let again = site.ask_with("GET", &path, again).await;
        assert_eq!(
            (again.status, again.size),
            (StatusCode::NOT_MODIFIED, 0),
            "{path}"
        );
        // And nothing can be written.
        let written = site.ask("POST", &path, &["localhost"]).await;
        assert_eq!(written.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

/// The router is asked for its paths: none of the API is without a document, no document without a
/// path, and the parameters in braces are those that are described.
#[tokio::test]
async fn no_path_is_without_a_document() {
    let site = Fixture::new().await;
    let told = format!("{:?}", site.router);
    let found: BTreeSet<&str> = told
        .split('"')
        .filter(|word| word.starts_with("/api/v1/"))
        .collect();
    let documented: BTreeSet<&str> = DOCUMENTS.iter().map(|document| document.path).collect();
    assert_eq!(found, documented);
    for document in DOCUMENTS {
        assert_eq!(document.role, Role::Viewer, "{}: it only looks", document.path);
        assert!(!document.summary.is_empty(), "{}", document.path);
        let parts = document.path.split('/').filter_map(|part| {
            let part = part.strip_prefix('{')?;
            part.strip_suffix('}')
        });
        let described = document
            .parameters
            .iter()
            .filter(|parameter| parameter.place == ParameterPlace::Path)
            .map(|parameter| parameter.name);
        assert!(parts.eq(described), "{}", document.path);
    }
}

#[tokio::test]
async fn the_description_is_of_what_there_is() {
    let site = Fixture::new().await;
    let description = site.get("/api/v1/openapi.json").await.json();
    assert_eq!(description["openapi"], "3.1.0");
    let paths = description["paths"].as_object().unwrap();
    assert_eq!(paths.len(), DOCUMENTS.len());
    let mut ids = BTreeSet::new();
    for document in DOCUMENTS {
        let operation = &paths[document.path]["get"];
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap()),
            "{operation}"
        );
        assert_eq!(operation["x-role"], "viewer");
        // A parameter that is described is taken, and one that is not is refused.
        let path = real(document.path);
        let refused = site.get(&format!("{path}?colour=red")).await;
        let takes_none = document
            .parameters
            .iter()
            .all(|parameter| parameter.place == ParameterPlace::Path);
        assert!(takes_none || refused.status == StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn who_may_not_look_is_told_nothing() {
    let public_url = Some(url::Url::parse("https://ops.example").unwrap());
    let site = Fixture::with(Entrance {
        public_url,
        ..local()
    })
    .await;
    let hash = SecretHash::of("orc_viewer");
    let made = site
        .store
        .create_token("v", Role::Viewer, &hash, (now(), None))
        .await;
    assert!(made.unwrap());
    for document in DOCUMENTS {
        let path = real(document.path);
        assert_eq!(site.get(&path).await.status, StatusCode::UNAUTHORIZED, "{path}");
        let wrong = [
            (header::HOST, "localhost"),
            (header::AUTHORIZATION, "Bearer orc_other"),
        ];
        let wrong = site.ask_with("GET", &path, wrong).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{path}");
        let shown = [
            (header::HOST, "localhost"),
            (header::AUTHORIZATION, "Bearer orc_viewer"),
        ];
        let shown = site.ask_with("GET", &path, shown).await;
        assert_ne!(shown.status, StatusCode::UNAUTHORIZED, "{path}");
        let foreign = site.ask("GET", &path, &["evil.example"]).await;
        assert_eq!(foreign.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn the_former_paths_lead_to_their_counterparts() {
    let site = Fixture::new().await;
    for (former, now) in [
        ("/api/runs", "/api/v1/runs"),
        ("/api/runs?last=2&group=g%20h", "/api/v1/runs?last=2&group=g%20h"),
        ("/api/runs/last", "/api/v1/runs/last"),
        ("/api/next?hours=24", "/api/v1/next?hours=24"),
        ("/api/schedule", "/api/v1/schedule"),
    ] {
        let answer = site.get(former).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{former}");
        assert_eq!(answer.headers[header::LOCATION], now);
    }
}

#[tokio::test]
async fn a_list_of_runs_has_pages_that_new_runs_do_not_move() {
    let site = Fixture::new().await;
    for minute in 10..17 {
        night::ended_run(&site, &format!("20261124-04{minute}00-d014f0"), minute).await;
    }
    let page = async |cursor: Option<&str>| -> Value {
        let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
        site.get(&format!("/api/v1/runs?limit=3{cursor}")).await.json()
    };
    let mut seen = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let found = page(next.as_deref()).await;
        if next.is_none() {
            // One that comes meanwhile is not in the list that was begun.
            night::ended_run(&site, "20261124-045000-d014f0", 50).await;
        }
        let runs = found["items"].as_array().unwrap();
        seen.extend(runs.iter().map(|run| run["run"].as_str().unwrap().to_owned()));
        next = found["next"].as_str().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (10..17)
        .rev()
        .map(|minute| format!("20261124-04{minute}00-d014f0"))
        .collect();
    assert_eq!(seen, expected);
    for wrong in ["limit=0", "limit=201", "cursor=x", "cursor=", "limit=-1"] {
        let refused = site.get(&format!("/api/v1/runs?{wrong}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_page_of_a_log_is_text_and_says_why_there_is_none() {
    let site = filled().await;
    let log = format!("/api/v1/runs/{RUN}/logs");
    let page = site.get(&format!("{log}/1.2")).await.json();
    assert_eq!(page["lines"].as_array().unwrap().len(), 5);
    assert_eq!(
        (&page["offset"], &page["more"], &page["ended"]),
        (&json!(0), &json!(false), &json!(true))
    );
    let end = site.get(&format!("{log}/1.2?at=end")).await.json();
    assert_eq!(end["next_offset"], page["size"]);
    let never = site.get(&format!("{log}/1.9")).await.json();
    assert_eq!((&never["log"], never["reason"].is_string()), (&Value::Null, true));
    let gone = site.get(&format!("{log}/1.1")).await.json();
    assert_eq!(gone["reason"], "its log is not there");
    for (wrong, status) in [
        ("/2.1", 404),
        ("/..", 404),
        ("/1.2?at=here", 400),
        ("/1.2?at=0&before=3", 400),
    ] {
        let answer = site.get(&format!("{log}{wrong}")).await;
        assert_eq!(answer.status.as_u16(), status, "{wrong}: {}", answer.text);
    }
}

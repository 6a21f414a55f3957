//! Pages, without a socket and without a browser: what is shown, that nothing of a collector is
//! markup, and what goes wrong as a page.

use super::logs::{hostile_log, write_log};
use super::night::{HOSTILE, MARKUP, RUN, hostile_run};
use super::*;
use crate::web::{ScheduleProblem, ScheduleText};

/// A file with an error, a secret in its environment, and markup.
pub(super) fn schedule_file() -> ScheduleText {
    ScheduleText {
        path: HOSTILE.to_owned(),
        text: Ok(format!(
            "groups:\n  early: # {HOSTILE}\n    env: {{TOKEN: hush}}\n    schedule: dayly\n"
        )),
        problems: vec![ScheduleProblem {
            line: 4,
            column: 15,
            is_error: true,
            code: "E019-bad-schedule",
            message: HOSTILE.to_owned(),
            hint: Some("did you mean `daily`?".to_owned()),
        }],
    }
}

/// What a browser sends.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

impl Fixture {
    pub(super) async fn browse(&self, path: &str) -> Answer {
        self.send(
            path,
            &[("host", "orchestrate.localhost:8080"), ("accept", BROWSER)],
        )
        .await
    }

    async fn send(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer {
            status,
            headers,
            size: body.len(),
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

#[tokio::test]
async fn a_refusal_is_a_page_for_a_browser_and_json_for_programs() {
    let site = Fixture::new().await;
    let lost = site.browse("/nothing").await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    assert_eq!(lost.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(lost.headers[header::CONTENT_SECURITY_POLICY], PAGE.content);
    assert!(lost.text.contains("There is nothing here."), "{}", lost.text);
    let program = site.browse("/api/nothing").await;
    assert_eq!(program.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(program.json()["error"]["code"], "not_found");
    let elsewhere = site
        .send("/", &[("host", "evil.example"), ("accept", BROWSER)])
        .await;
    assert_eq!(elsewhere.status, StatusCode::MISDIRECTED_REQUEST);
    assert!(elsewhere.text.contains("This name is not answered."));
    assert!(elsewhere.text.contains("http://orchestrate.localhost"));
}

#[tokio::test]
async fn an_absolute_form_must_be_ours_too() {
    let site = Fixture::new().await;
    for (target, status) in [
        ("http://localhost:8080/healthz", 200),
        ("http://evil.example/healthz", 421),
    ] {
        let answer = site.send(target, &[("host", "localhost:8080")]).await;
        assert_eq!(answer.status.as_u16(), status, "{target}");
    }
}

#[tokio::test]
async fn style_and_script_have_names_that_change_with_them() {
    let site = Fixture::new().await;
    let home = site.browse("/").await;
    assert_eq!(home.status, StatusCode::OK);
    let named = regex::Regex::new("(?:href|src)=\"(/assets/[^\"]+)\"").unwrap();
    let assets: Vec<&str> = named
        .captures_iter(&home.text)
        .map(|found| found.get(1).unwrap().as_str())
        .collect();
    assert_eq!(assets.len(), 3, "{}", home.text);
    for path in assets {
        let asset = site.browse(path).await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        assert_eq!(
            asset.headers[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(asset.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    let old = site.browse("/assets/style-000000000000.css").await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_are_compressed_for_who_takes_it() {
    let site = Fixture::new().await;
    let plain = site.browse("/").await;
    assert!(!plain.headers.contains_key(header::CONTENT_ENCODING));
    let packed = site
        .send("/", &[("host", "localhost"), ("accept-encoding", "gzip")])
        .await;
    assert_eq!(packed.headers[header::CONTENT_ENCODING], "gzip");
    assert!(packed.size < plain.size / 2);
}

#[tokio::test]
async fn the_theme_is_that_of_the_cookie() {
    let site = Fixture::new().await;
    for (cookie, attribute) in [
        ("a=b; theme=dark", " data-theme=\"dark\""),
        ("theme=light", " data-theme=\"light\""),
        ("theme=\"><script>", ""),
    ] {
        let page = site.send("/", &[("host", "localhost"), ("cookie", cookie)]).await;
        let html = format!("<html lang=\"en\"{attribute}>");
        assert!(page.text.contains(&html), "{cookie}: {}", page.text);
    }
}

#[tokio::test]
async fn the_first_page_says_how_to_begin_and_then_what_became_of_the_night() {
    let site = Fixture::new().await;
    let empty = site.browse("/").await;
    assert!(empty.text.contains("Nothing has run here yet."), "{}", empty.text);
    assert!(empty.text.contains("orchestrate new collector"));
    // The weekly batch is no batch of Tuesday, the interval is due in three hours.
    assert!(empty.text.contains("<b>every 180 min</b>"), "{}", empty.text);
    assert!(empty.text.contains("in 3h"), "{}", empty.text);
}

#[tokio::test]
async fn a_database_that_is_away_has_a_page_that_says_what_is_known() {
    let site = Fixture::new().await;
    site.standing.send_modify(|standing| {
        standing.database_error = Some("no such host: \"><b>".to_owned());
        standing.next_at = Some("2026-11-25T04:10:00Z".parse().unwrap());
    });
    site.store.clone().close().await;
    let away = site.browse("/").await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    for said in [
        "The database does not answer.",
        "leading; the database cannot be used",
        "04:10</time> UTC, in 4h",
        "no such host: &#34;&#62;&#60;b&#62;",
        "Collectors that run go on",
    ] {
        assert!(away.text.contains(said), "{said}: {}", away.text);
    }
}

fn collector_page() -> String {
    // As a database keeps it that knows no NUL.
    let name = HOSTILE.replace('\0', "\u{2400}");
    crate::web::views::links::collector(&name, &name)
}

/// Every page that shows something of the hostile run.
fn pages_of_it() -> Vec<String> {
    vec![
        "/".to_owned(),
        "/runs".to_owned(),
        "/runs?unfold=1&outcome=failed".to_owned(),
        format!("/runs/{RUN}"),
        format!("/runs/{RUN}?task=1"),
        collector_page(),
        "/workers".to_owned(),
        "/schedule".to_owned(),
        "/timeline?hours=168".to_owned(),
        format!("/runs/{RUN}/logs/1.2"),
        format!("/runs/{RUN}/logs/1.2?q=%3Cscript%3E"),
    ]
}

#[tokio::test]
async fn nothing_of_a_collector_is_markup() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    write_log(&site, "1-x.2.log", &hostile_log());
    // A timetable that cannot be used as it is now says so, with the words of the file.
    site.standing.send_modify(|standing| {
        standing.schedule_error = Some(HOSTILE.to_owned());
        standing.release_error = Some(HOSTILE.to_owned());
    });
    let mut shown = 0;
    for path in pages_of_it() {
        let page = site.browse(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        // What is ours has neither of these.
        for markup in MARKUP {
            assert!(!page.text.contains(markup), "{path}: {markup}");
        }
        let hidden = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{200b}\u{2028}".contains(c));
        assert_eq!(page.text.find(hidden), None, "{path}");
        shown += page.text.matches("&#60;script&#62;alert(2)").count();
    }
    // It is there, as it was written.
    assert!(shown > 20, "{shown}");
}

#[tokio::test]
async fn a_run_has_one_address_and_only_ids_lead_there() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    for word in ["last", "20261124", "d014f0"] {
        let answer = site.browse(&format!("/runs/{word}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{word}");
        assert_eq!(answer.headers[header::LOCATION], format!("/runs/{RUN}"));
    }
    for word in [
        "..",
        "%2e%2e",
        "%00",
        "%2Fetc%2Fpasswd",
        "20261124-041000-d014f1",
        "%3Cscript%3E",
    ] {
        let answer = site.browse(&format!("/runs/{word}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{word}");
    }
}

#[tokio::test]
async fn the_search_field_leads_to_what_is_meant() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    for (word, leads_to) in [
        ("d014f0", format!("/runs/{RUN}")),
        ("early", "/runs?group=early".to_owned()),
        ("usage", "/runs?collector=usage".to_owned()),
        ("//evil.example", "/runs?collector=%2F%2Fevil.example".to_owned()),
    ] {
        let answer = site
            .browse(&format!("/runs?find={}", word.replace('/', "%2F")))
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{word}");
        assert_eq!(answer.headers[header::LOCATION], leads_to);
    }
}

#[tokio::test]
async fn a_list_of_runs_goes_on_where_it_ended_and_keeps_its_filters() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    let listed = |answer: &Answer| answer.text.contains(&format!("/runs/{RUN}"));
    assert!(listed(&site.browse("/runs").await));
    let at: Timestamp = "2026-11-24T04:10:00Z".parse().unwrap();
    let at = at.as_microsecond();
    // Only older ones: not itself, but it is older than one of the same moment with a later id.
    assert!(!listed(&site.browse(&format!("/runs?before={at}.{RUN}")).await));
    let later = RUN.replace("d014f0", "d014f1");
    assert!(listed(&site.browse(&format!("/runs?before={at}.{later}")).await));
    for place in ["yesterday", "1.x", "x.20261124-041000-d014f0"] {
        let answer = site.browse(&format!("/runs?before={place}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{place}");
    }
    let none = site.browse("/runs?outcome=lost&group=early").await;
    assert!(none.text.contains("No run matches."), "{}", none.text);
    assert!(none.text.contains("href=\"/runs?group=early\""), "{}", none.text);
    let unknown = site.browse("/runs?collector=nosuch").await;
    assert!(
        unknown.text.contains("No collector is called"),
        "{}",
        unknown.text
    );
    assert_eq!(
        site.browse("/runs?outcome=nosuch").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_collector_is_found_by_group_and_name_and_by_nothing_else() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    let scheduled = site.browse("/collectors/early/usage").await;
    assert_eq!(scheduled.status, StatusCode::OK, "{}", scheduled.text);
    assert!(scheduled.text.contains("<h1>early/usage</h1>"));
    assert!(
        scheduled
            .text
            .contains("It never ran, and no slot of it has passed.")
    );
    let recorded = site.browse(&collector_page()).await;
    assert_eq!(recorded.status, StatusCode::OK, "{}", recorded.text);
    assert!(recorded.text.contains(&format!("href=\"/runs/{RUN}\"")));
    for path in [
        "/collectors/early/poll",
        "/collectors/usage/early",
        "/collectors/early/usage%00",
        "/collectors/..%2F..%2Fetc/passwd",
    ] {
        assert_eq!(site.browse(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        site.browse("/collectors/early/%ff").await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn what_is_empty_says_so() {
    let site = Fixture::new().await;
    for (path, said) in [
        ("/runs", "No run is recorded."),
        ("/records", "No records yet."),
        ("/workers", "No scheduler has said anything yet."),
    ] {
        let page = site.browse(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.contains(said), "{path}: {}", page.text);
    }
    let unknown = site.browse("/records?collection=nosuch").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_schedule_shows_its_file_with_the_error_at_its_line_and_no_environment() {
    let site = Fixture::new().await;
    let page = site.browse("/schedule").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for said in [
        "The file is refused as it is now: 1 error, line 4.",
        "href=\"#L4\"",
        "<li id=\"L4\" class=\"hit\" data-m=\"!\">",
        "E019-bad-schedule, column 15:",
        "env: {\u{2026}}",
        "Mon 30 Nov 04:10",
        "href=\"/collectors/often/poll\"",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    assert!(!page.text.contains("hush"));
}

#[tokio::test]
async fn the_timeline_has_bars_and_pages_of_time() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    let day = site.browse("/timeline").await;
    assert_eq!(day.status, StatusCode::OK, "{}", day.text);
    assert!(
        day.text.contains(&format!("href=\"/runs/{RUN}\"")),
        "{}",
        day.text
    );
    // Groups that had nothing are there too.
    assert!(day.text.contains("early <span"), "{}", day.text);
    let at: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let before = format!("to={}", at.as_second());
    assert!(day.text.contains(&before), "{}", day.text);
    let earlier = site.browse(&format!("/timeline?{before}")).await;
    assert!(!earlier.text.contains(RUN));
    for wrong in ["hours=1", "to=99999999999999", "to=now"] {
        let answer = site.browse(&format!("/timeline?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

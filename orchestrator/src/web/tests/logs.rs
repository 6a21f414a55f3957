//! The page of a log: its pages, its search, its download, and that it is a log and nothing else.

use super::night::{HOSTILE, RUN, hostile_run};
use super::*;

pub(super) fn hostile_log() -> Vec<u8> {
    let text: String = HOSTILE.replace('\n', " ");
    let mut log = Vec::new();
    for stream in ["stdout", "stderr"] {
        log.extend(format!("2026-11-24T04:10:00.000000000Z {stream} F {text}\n").into_bytes());
        log.extend(format!("2026-11-24T04:10:01.000000000Z {stream} F \u{1b}[31m{text}\n").into_bytes());
    }
    log.extend(b"2026-11-24T04:10:02.000000000Z stdout F \xff\xfe<script>alert(2)</script>\n");
    log
}

pub(super) fn write_log(site: &Fixture, name: &str, log: &[u8]) {
    let dir = site.dir.path().join("runs").join(RUN);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join(name), log).unwrap();
}

/// A log of so many lines, every hundredth of stderr.
fn long_log(lines: usize) -> Vec<u8> {
    let line = |number: usize| {
        let stream = if number % 100 == 99 { "stderr" } else { "stdout" };
        format!("2026-11-24T04:10:00.000000000Z {stream} F line {number} of many\n")
    };
    (0..lines).map(line).collect::<String>().into_bytes()
}

#[tokio::test]
async fn a_log_begins_at_its_interesting_end_and_has_pages() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    write_log(&site, "1-x.2.log", &long_log(5000));
    let path = format!("/runs/{RUN}/logs/1.2");
    // It failed: the end.
    let end = site.browse(&path).await;
    assert_eq!(end.status, StatusCode::OK, "{}", end.text);
    assert!(end.text.contains("line 4999 of many") && !end.text.contains("line 3999 of many"));
    assert!(end.text.contains("The end."));
    let first = site.browse(&format!("{path}?at=0")).await;
    assert!(first.text.contains("line 0 of many") && !first.text.contains("line 1000 of many"));
    assert_eq!(first.text.matches(" id=\"b").count(), 1000);
    let errors = site.browse(&format!("{path}?at=0&stream=stderr")).await;
    assert!(errors.text.contains("line 99 of many") && !errors.text.contains("line 98 of many"));
    for wrong in ["?at=here", "?find=nothing", "?find=next", "?before=-1"] {
        let answer = site.browse(&format!("{path}{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_search_leads_to_the_line_and_the_link_stays_true() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    write_log(&site, "1-x.2.log", &long_log(5000));
    let path = format!("/runs/{RUN}/logs/1.2");
    let found = site.browse(&format!("{path}?q=LINE+4321&find=next&from=0")).await;
    assert_eq!(found.status, StatusCode::SEE_OTHER, "{}", found.text);
    let location = found.headers[header::LOCATION].to_str().unwrap();
    let (address, anchor) = location.split_once('#').unwrap();
    let shown = site.browse(address).await;
    let line = format!("<div class=\"l hit\" id=\"{anchor}\">");
    assert!(shown.text.contains(&line), "{location}: {}", shown.text);
    assert!(
        shown.text.contains("<mark>line 4321</mark> of many"),
        "{}",
        shown.text
    );
    // With what stands before it.
    assert!(shown.text.contains("line 4315 of many"));
    let none = site.browse(&format!("{path}?q=nosuch&find=next&from=0")).await;
    assert!(
        none.text.contains("It is nowhere after this place."),
        "{}",
        none.text
    );
    let error = site.browse(&format!("{path}?find=stderr&from=0")).await;
    assert_eq!(error.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_line_and_a_moment_are_gone_to() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    write_log(&site, "1-x.2.log", &long_log(5000));
    let path = format!("/runs/{RUN}/logs/1.2");
    for (go, line) in [
        ("1", "line 0 of many"),
        ("4322", "line 4321 of many"),
        ("2026-11-24T04:00:00Z", "line 0 of many"),
    ] {
        let found = site.browse(&format!("{path}?go={go}")).await;
        assert_eq!(found.status, StatusCode::SEE_OTHER, "{go}: {}", found.text);
        let location = found.headers[header::LOCATION].to_str().unwrap();
        let (address, anchor) = location.split_once('#').unwrap();
        let shown = site.browse(address).await;
        let (_, from) = shown.text.split_once(&format!("id=\"{anchor}\"")).unwrap();
        let here = from.split("</div>").next().unwrap();
        assert!(here.contains(line), "{go}: {here}");
    }
    for go in ["5001", "2027-01-01T00:00:00Z"] {
        let beyond = site.browse(&format!("{path}?go={go}")).await;
        assert!(
            beyond.text.contains("The log ends before that."),
            "{go}: {}",
            beyond.text
        );
    }
    for wrong in ["0", "noon", "%3Cb%3E"] {
        let answer = site.browse(&format!("{path}?go={wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_log_is_a_file_of_its_run_and_nothing_else() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    let path = format!("/runs/{RUN}/logs/1.2");
    let gone = site.browse(&path).await;
    assert_eq!(gone.status, StatusCode::OK);
    assert!(gone.text.contains("Its log is not there"), "{}", gone.text);
    // A link in its place.
    write_log(&site, "other", b"");
    let dir = site.dir.path().join("runs").join(RUN);
    std::os::unix::fs::symlink("/etc/passwd", dir.join("1-x.2.log")).unwrap();
    for path in [
        path.clone(),
        format!("{path}/raw"),
        format!("{path}?q=root&find=next&from=0"),
    ] {
        let linked = site.browse(&path).await;
        assert_eq!(linked.status, StatusCode::CONFLICT, "{path}: {}", linked.text);
        assert!(!linked.text.contains("root:"), "{}", linked.text);
    }
    for place in [
        "1", "0.1", "2.1", "1.0", "1.2.3", "..", "%2e%2e", "1.2%00", "-1.1",
    ] {
        let answer = site.browse(&format!("/runs/{RUN}/logs/{place}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{place}");
    }
    let never = site.browse(&format!("/runs/{RUN}/logs/1.9")).await;
    assert_eq!(never.status, StatusCode::OK);
    assert!(never.text.contains("There was no such try"), "{}", never.text);
}

#[tokio::test]
async fn a_download_is_the_file_as_it_is() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    let log = long_log(5000);
    write_log(&site, "1-x.2.log", &log);
    let raw = site.browse(&format!("/runs/{RUN}/logs/1.2/raw")).await;
    assert_eq!(raw.status, StatusCode::OK);
    assert_eq!(raw.text.as_bytes(), log);
    assert_eq!(raw.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    let name = format!("attachment; filename=\"{RUN}-1.2.log\"");
    assert_eq!(raw.headers[header::CONTENT_DISPOSITION], name);
}

#[tokio::test]
async fn a_log_on_another_machine_is_shown_from_what_the_database_has_of_it() {
    let site = Fixture::new().await;
    hostile_run(&site).await;
    let log = long_log(3000);
    let path = format!("/runs/{RUN}/logs/1.2");
    assert!(site.browse(&path).await.text.contains("Its log is not there"));
    // The file had 1000 bytes before this.
    let name = format!("runs/{RUN}/1-x.2.log");
    site.store.keep_log(RUN, &name, 1000, &log).await;
    let end = site.browse(&path).await;
    assert!(end.text.contains("line 2999 of many"), "{}", end.text);
    assert!(
        end.text
            .contains("1000 bytes of its log before this are not in the database")
    );
    assert!(end.text.contains("the end of its log did not reach the database"));
    let first = site.browse(&format!("{path}?at=0")).await;
    assert!(first.text.contains("line 0 of many") && first.text.contains(" id=\"b1000\""));
    let found = site.browse(&format!("{path}?q=line+2345&find=next&from=0")).await;
    assert_eq!(found.status, StatusCode::SEE_OTHER, "{}", found.text);
    let back = site
        .browse(&format!("{path}?q=line+0+&find=previous&from=5000"))
        .await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text);
    let raw = site.browse(&format!("{path}/raw")).await;
    assert_eq!(raw.text.as_bytes(), log);
}

//! Issues, pull requests and releases, from a server on this machine.
#![allow(clippy::unwrap_used)] // helpers of tests, which clippy does not see as such

mod support;

use std::process::{Command, Output};

use serde_json::{Value, json};
use support::Scratch;
use support::server::{Answer, Server};

const TOKEN: &str = "ghp_s3cret0000";

fn collector(scratch: &Scratch, base: &str, arguments: &[&str]) -> Command {
    let mut command = scratch.collector("w", arguments);
    for proxy in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        command.env_remove(proxy);
    }
    command.env("GITHUB_TOKEN", TOKEN).env("GITHUB_API_URL", base);
    command
}

/// One run against these answers; gives its end and what it asked.
fn run(scratch: &Scratch, state: Option<&str>, answers: Vec<Answer>) -> (Output, Vec<String>) {
    let server = Server::start(answers);
    std::fs::write(scratch.path("w.events"), "").unwrap();
    let mut command = collector(scratch, &server.base, &["--github", "boostorg/asio"]);
    if let Some(state) = state {
        command.env("ORCHESTRATE_STATE", state);
    }
    let output = command.output().unwrap();
    let shown = [&output.stdout[..], &output.stderr].concat();
    let told = format!("{:?}", scratch.lines("w"));
    assert!(!String::from_utf8_lossy(&shown).contains(TOKEN) && !told.contains(TOKEN));
    (output, server.finish())
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn issue(number: u64, updated: &str) -> Value {
    json!({
        "number": number, "title": format!("t{number}"), "state": "open", "user": {"login": "ann"}, "comments": 1,
        "labels": [{"name": "bug"}], "created_at": "2026-01-01T00:00:00Z", "updated_at": updated, "closed_at": null,
    })
}

fn page(items: &[Value]) -> String {
    Value::from(items).to_string()
}

fn releases() -> Answer {
    let release = json!({
        "id": 9, "tag_name": "v1", "name": "One", "author": {"login": "bob"}, "draft": false, "prerelease": false,
        "created_at": "2026-01-01T00:00:00Z", "published_at": "2026-01-02T00:00:00Z", "assets": [{"download_count": 3}],
    });
    Answer(200, &[("ETag", "\"r1\"")], page(&[release]))
}

fn last_failure(scratch: &Scratch) -> Value {
    scratch
        .lines("w")
        .into_iter()
        .rfind(|line| line["type"] == "failure")
        .unwrap()
}

#[test]
fn pages_are_followed_and_later_runs_read_what_changed() {
    let scratch = Scratch::new();
    let mut pull = issue(2, "2026-01-03T00:00:00Z");
    pull["pull_request"] = json!({"merged_at": "2026-01-03T00:00:00Z"});
    let first = Answer(
        200,
        &[("Link", "<{base}/elsewhere?page=2>; rel=\"next\"")],
        page(&[issue(1, "2026-01-02T00:00:00Z"), pull.clone()]),
    );
    // The second page begins with what the first one ended with.
    let second = Answer(
        200,
        &[("ETag", "\"i1\"")],
        page(&[pull, issue(3, "2026-01-04T00:00:00Z")]),
    );
    let (output, asked) = run(&scratch, None, vec![first, second, releases()]);
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        asked[0].starts_with(
            "GET /repos/boostorg/asio/issues?state=all&sort=updated&direction=asc&per_page=100 "
        )
    );
    assert!(
        asked[0]
            .to_lowercase()
            .contains(&format!("authorization: bearer {TOKEN}"))
    );
    assert!(asked[1].contains("&since=2026-01-03T00:00:00Z "), "{}", asked[1]);
    let numbers = |collection| -> Vec<u64> {
        let data = scratch.data("w", collection);
        data.iter().map(|data| data["number"].as_u64().unwrap()).collect()
    };
    assert_eq!(
        (numbers("github_issue"), numbers("github_pull_request")),
        (vec![1, 3], vec![2])
    );
    assert_eq!(scratch.data("w", "github_release")[0]["downloads"], 3);
    assert!(
        scratch
            .lines("w")
            .iter()
            .any(|line| line["key"] == "github.com/boostorg/asio 3")
    );

    // Nothing new: the newest issue again, whose list now has a name; the releases are unchanged.
    let state = scratch.state("w").unwrap();
    let same = Answer(
        200,
        &[("ETag", "\"i2\"")],
        page(&[issue(3, "2026-01-04T00:00:00Z")]),
    );
    let (output, asked) = run(
        &scratch,
        Some(&state),
        vec![same, Answer(304, &[], String::new())],
    );
    assert_eq!(code(&output), 0);
    assert!(asked[0].contains("&since=2026-01-04T00:00:00Z "));
    assert!(
        asked[1].to_lowercase().contains("if-none-match: \"r1\""),
        "{}",
        asked[1]
    );
    assert_eq!(numbers("github_issue"), [3]);

    // And from then on it costs nothing.
    let state = scratch.state("w").unwrap();
    let unchanged = || Answer(304, &[], String::new());
    let (output, asked) = run(&scratch, Some(&state), vec![unchanged(), unchanged()]);
    assert_eq!((code(&output), asked.len()), (0, 2));
    assert!(asked[0].to_lowercase().contains("if-none-match: \"i2\""));
    assert_eq!(scratch.state("w").unwrap(), state);
    assert!(numbers("github_issue").is_empty());
}

#[test]
fn a_page_of_changes_in_one_second_is_followed_by_its_link() {
    let scratch = Scratch::new();
    let state = json!({"version": 1, "repositories": {"github.com/boostorg/asio": {"since": "2026-01-02T00:00:00Z"}}});
    let first = Answer(
        200,
        &[("Link", "<{base}/next?page=2>; rel=\"next\"")],
        page(&[issue(1, "2026-01-02T00:00:00Z")]),
    );
    let second = Answer(200, &[], page(&[issue(2, "2026-01-02T00:00:00Z")]));
    let (output, asked) = run(
        &scratch,
        Some(&state.to_string()),
        vec![first, second, releases()],
    );
    assert_eq!(code(&output), 0);
    assert!(asked[1].starts_with("GET /next?page=2 "));
    assert_eq!(scratch.data("w", "github_issue").len(), 2);
}

#[test]
fn a_limit_says_how_long_and_what_was_read_is_kept() {
    let scratch = Scratch::new();
    let first = || {
        Answer(
            200,
            &[("Link", "<{base}/next>; rel=\"next\"")],
            page(&[issue(1, "2026-01-02T00:00:00Z")]),
        )
    };
    let limit = Answer(
        403,
        &[
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", "1800000300"),
            ("Date", "Fri, 15 Jan 2027 08:00:00 GMT"),
        ],
        "{}".to_owned(),
    );
    let (output, _) = run(&scratch, None, vec![first(), limit]);
    assert_eq!(code(&output), 75);
    let failure = last_failure(&scratch);
    assert_eq!(
        (&failure["category"], &failure["retry_after"]),
        (&json!("rate_limit"), &json!("301s"))
    );

    // The next try goes on where this one ended, and delivers all of it.
    let rest = Answer(200, &[], page(&[issue(2, "2026-01-03T00:00:00Z")]));
    let (output, asked) = run(&scratch, None, vec![rest, releases()]);
    assert_eq!(code(&output), 0);
    assert!(asked[0].contains("&since=2026-01-02T00:00:00Z "));
    assert_eq!(scratch.data("w", "github_issue").len(), 2);

    // Once it is recorded, what was kept counts no more.
    let state = scratch.state("w").unwrap();
    let nothing = Answer(200, &[], page(&[]));
    let (_, asked) = run(
        &scratch,
        Some(&state),
        vec![nothing, Answer(304, &[], String::new())],
    );
    assert!(asked[0].contains("&since=2026-01-03T00:00:00Z "));
    assert!(scratch.data("w", "github_issue").is_empty());
}

#[test]
fn each_answer_has_its_end() {
    for (answer, expected, category) in [
        (Answer(401, &[], "{}".to_owned()), 77, "auth"),
        (Answer(403, &[], "{}".to_owned()), 77, "auth"),
        (Answer(404, &[], "{}".to_owned()), 65, "validation"),
        (
            Answer(429, &[("Retry-After", "7")], String::new()),
            75,
            "rate_limit",
        ),
        (Answer(502, &[], "<html>".to_owned()), 69, "network"),
        (Answer(200, &[], "<html>".to_owned()), 65, "validation"),
        (
            Answer(
                200,
                &[("Link", "<http://127.0.0.2:1/x>; rel=\"next\"")],
                "[]".to_owned(),
            ),
            65,
            "validation",
        ),
    ] {
        let scratch = Scratch::new();
        let status = answer.0;
        let (output, _) = run(&scratch, None, vec![answer]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(code(&output), expected, "{status}: {stderr}");
        assert_eq!(last_failure(&scratch)["category"], category, "{status}");
        assert!(stderr.contains("error: boostorg/asio: issues"), "{stderr}");
    }
}

#[test]
fn releases_that_are_not_there_any_more_are_gone() {
    let scratch = Scratch::new();
    let issues = || Answer(200, &[], page(&[]));
    run(&scratch, None, vec![issues(), releases()]);
    scratch.commit("w");
    run(&scratch, None, vec![issues(), Answer(200, &[], page(&[]))]);
    assert_eq!(
        scratch.data("w", "github_release"),
        [json!({"gone": true, "id": 9, "tag": "v1"})]
    );
}

#[test]
fn issues_that_are_turned_off_are_none() {
    let scratch = Scratch::new();
    let (output, _) = run(
        &scratch,
        None,
        vec![Answer(410, &[], "{}".to_owned()), releases()],
    );
    assert_eq!((code(&output), scratch.data("w", "github_release").len()), (0, 1));
}

#[test]
fn nobody_listens_is_69_and_no_token_is_78() {
    let scratch = Scratch::new();
    let end = |base: &str, token: &str| {
        std::fs::write(scratch.path("w.events"), "").unwrap();
        let mut command = collector(&scratch, base, &["--github", "boostorg/asio"]);
        code(&command.env("GITHUB_TOKEN", token).output().unwrap())
    };
    assert_eq!(end("http://127.0.0.1:1", TOKEN), 69);
    assert_eq!(end("http://127.0.0.1:1", ""), 78);
    assert_eq!(end("http://127.0.0.1:1", "two words"), 78);
    assert_eq!(end("http://github.example.org", TOKEN), 78);
    let wrong = collector(&scratch, "http://127.0.0.1:1", &["--github", "asio"])
        .output()
        .unwrap();
    assert_eq!(code(&wrong), 64);
}

#[test]
fn without_a_token_histories_are_read_all_the_same() {
    let scratch = Scratch::new();
    let repository = scratch.repository("r");
    repository.commit("Ann", "2026-03-01T10:00:00Z");
    scratch.collect_ok("w", &["--repository", repository.arg()]);
    assert_eq!(scratch.data("w", "github_activity_day").len(), 1);
    assert!(scratch.state("w").is_none());
    // A token that is not needed is not looked at.
    let mut command = collector(
        &scratch,
        "http://example.org",
        &["--repository", repository.arg()],
    );
    assert_eq!(code(&command.output().unwrap()), 0);
}

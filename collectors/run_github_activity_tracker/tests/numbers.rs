//! The collector on real repositories with fixed dates: its numbers, to the digit.

mod support;

use serde_json::json;
use support::{Repository, Scratch};

const COLLECTIONS: [&str; 4] = [
    "github_activity_day",
    "github_activity_tag",
    "github_activity_author",
    "github_activity_repository",
];

/// Two days, two authors, a merge, a rename, a binary file, two tags.
fn sample(scratch: &Scratch) -> Repository {
    let repository = scratch.repository("sample");
    repository.write("a.txt", "1\n2\n3\n");
    repository.write("b.bin", b"\0\x01\x02");
    repository.commit("Ann", "2026-03-01T10:00:00Z");
    repository.dated(&["tag", "v1"], "Ann", "2026-03-01T10:00:00Z");

    repository.git(&["switch", "--quiet", "--create", "side"]);
    repository.write("c.txt", "x\n");
    // Late on the 1st in New York is the 2nd in UTC.
    repository.commit("Bob", "2026-03-01T22:30:00-05:00");
    repository.git(&["switch", "--quiet", "main"]);
    repository.write("a.txt", "1\ntwo\n3\n4\n");
    repository.commit("Ann", "2026-03-02T09:00:00Z");
    repository.dated(
        &["merge", "--quiet", "--no-ff", "--message=m", "side"],
        "Ann",
        "2026-03-02T11:00:00Z",
    );
    repository.git(&["mv", "a.txt", "renamed.txt"]);
    repository.commit("Bob", "2026-03-02T12:00:00Z");
    repository.dated(
        &["tag", "--annotate", "--message=t", "v2"],
        "Ann",
        "2026-03-03T00:00:00Z",
    );
    repository
}

#[test]
fn days_tags_and_authors_are_exact() {
    let scratch = Scratch::new();
    let repository = sample(&scratch);
    let said = scratch.collect_ok("w", &["--repository", repository.arg()]);
    assert!(said.contains("sample: 5 new commits and 2 new tags"), "{said}");
    assert!(
        said.contains("5 commits by 2 authors on 2 days, +6 -1 lines in 5 file changes"),
        "{said}"
    );

    assert_eq!(
        scratch.data("w", "github_activity_day"),
        [
            json!({
                "date": "2026-03-01", "commits": 1, "merges": 0, "authors": 1, "added": 3, "removed": 0, "files": 2,
                "by_author": [{"identity": "ann@example.org", "name": "Ann", "commits": 1, "added": 3, "removed": 0}],
            }),
            json!({
                "date": "2026-03-02", "commits": 4, "merges": 1, "authors": 2, "added": 3, "removed": 1, "files": 3,
                "by_author": [
                    {"identity": "ann@example.org", "name": "Ann", "commits": 2, "added": 2, "removed": 1},
                    {"identity": "bob@example.org", "name": "Bob", "commits": 2, "added": 1, "removed": 0},
                ],
            }),
        ]
    );
    let head = repository.git(&["rev-parse", "HEAD"]);
    let first = repository.git(&["rev-parse", "v1"]);
    assert_eq!(
        scratch.data("w", "github_activity_tag"),
        [
            json!({
                "tag": "v1", "commit": first, "date": "2026-03-01", "previous": null, "commits": 1, "merges": 0,
                "authors": 1, "added": 3, "removed": 0, "files": 2,
            }),
            json!({
                "tag": "v2", "commit": head, "date": "2026-03-03", "previous": "v1", "commits": 4, "merges": 1,
                "authors": 2, "added": 3, "removed": 1, "files": 3,
            }),
        ]
    );
    assert_eq!(
        scratch.data("w", "github_activity_author")[1],
        json!({
            "identity": "bob@example.org", "name": "Bob", "commits": 2, "added": 1, "removed": 0, "days": 1,
            "first": "2026-03-02", "last": "2026-03-02",
        })
    );
    assert_eq!(
        scratch.data("w", "github_activity_repository"),
        [json!({
            "name": "sample", "tip": head, "complete": true, "commits": 5, "undated": 0, "merges": 1, "authors": 2,
            "added": 6, "removed": 1, "files": 5, "days": 2, "tags": 2, "first": "2026-03-01", "last": "2026-03-02",
        })]
    );
}

/// The tag before each, and how many commits that makes.
fn followed(scratch: &Scratch, workspace: &str) -> Vec<(String, Option<String>, u64)> {
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let tags = scratch.data(workspace, "github_activity_tag").into_iter();
    tags.filter_map(|tag| {
        let previous = text(&tag["previous"]);
        Some((text(&tag["tag"])?, previous, tag["commits"].as_u64()?))
    })
    .collect()
}

fn row(tag: &str, previous: Option<&str>, commits: u64) -> (String, Option<String>, u64) {
    (tag.to_owned(), previous.map(str::to_owned), commits)
}

/// Commits one more file, on this day of 2026.
fn commit_on(repository: &Repository, day: &str) {
    repository.write(day, day);
    repository.commit("Ann", &format!("2026-{day}T00:00:00Z"));
}

fn annotate(repository: &Repository, tag: &str, day: &str) {
    let at = format!("2026-{day}T00:00:00Z");
    repository.dated(&["tag", "--annotate", "--message=t", tag], "Ann", &at);
}

#[test]
fn a_tag_is_its_ref_whatever_its_object_calls_itself() {
    let scratch = Scratch::new();
    let repository = scratch.repository("renamed");
    commit_on(&repository, "01-01");
    commit_on(&repository, "01-02");
    annotate(&repository, "v1.0", "01-02");
    repository.git(&["tag", "lib-v1.0", "v1.0"]);
    repository.git(&["tag", "--delete", "v1.0"]);
    repository.git(&["switch", "--quiet", "--create", "side", "HEAD~1"]);
    commit_on(&repository, "01-03");
    repository.git(&["tag", "side-1"]);
    repository.git(&["switch", "--quiet", "main"]);
    commit_on(&repository, "01-04");
    annotate(&repository, "lib-v1.1", "01-05");
    // The name in the newest one's predecessor is that of another tag, on another commit.
    commit_on(&repository, "01-06");
    annotate(&repository, "side-1-again", "01-06");
    let object = repository.git(&["rev-parse", "refs/tags/side-1-again"]);
    repository.git(&["tag", "--delete", "side-1-again"]);
    repository.git(&["update-ref", "refs/tags/lib-v1.2", &object]);
    repository.git(&["tag", "side-1-again", "side-1"]);
    commit_on(&repository, "01-07");
    repository.git(&["tag", "lib-v1.3"]);
    for source in [repository.arg().to_owned(), repository.url()] {
        scratch.collect_ok("w", &["--repository", &source]);
        assert_eq!(
            followed(&scratch, "w")[..5],
            [
                row("lib-v1.0", None, 2),
                row("lib-v1.1", Some("lib-v1.0"), 1),
                row("lib-v1.2", Some("lib-v1.1"), 1),
                row("lib-v1.3", Some("lib-v1.2"), 1),
                row("side-1", Some("lib-v1.0"), 1),
            ],
            "{source}"
        );
    }
}

#[test]
fn an_old_commit_that_is_tagged_later_follows_no_newer_one() {
    let scratch = Scratch::new();
    let repository = scratch.repository("late");
    commit_on(&repository, "01-01");
    commit_on(&repository, "01-02");
    repository.git(&["tag", "v2"]);
    repository.git(&["checkout", "--quiet", "HEAD~1"]);
    annotate(&repository, "v1", "02-01");
    repository.git(&["checkout", "--quiet", "main"]);
    scratch.collect_ok("w", &["--repository", repository.arg()]);
    assert_eq!(
        followed(&scratch, "w"),
        [row("v1", None, 1), row("v2", Some("v1"), 1)]
    );
}

#[test]
fn names_that_look_like_what_git_describes_are_names() {
    let scratch = Scratch::new();
    let repository = scratch.repository("names");
    commit_on(&repository, "01-01");
    let first = format!("v1-3-g{}", repository.git(&["rev-parse", "HEAD"]));
    repository.git(&["tag", &first]);
    commit_on(&repository, "01-02");
    // A tag named like a commit, and a branch named like a tag.
    let hash = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["update-ref", &format!("refs/tags/{}", &hash[..12]), "HEAD"]);
    repository.git(&["branch", &first]);
    commit_on(&repository, "01-03");
    repository.git(&["tag", "v2"]);
    scratch.collect_ok("w", &["--repository", repository.arg()]);
    let mut found = followed(&scratch, "w");
    found.sort_by_key(|(tag, ..)| (tag != &first, tag == "v2"));
    assert_eq!(
        found,
        [
            row(&first, None, 1),
            row(&hash[..12], Some(&first), 1),
            row("v2", Some(&hash[..12]), 1)
        ]
    );
}

#[test]
fn repositories_of_one_name_are_told_apart() {
    let scratch = Scratch::new();
    for owner in ["ann", "bob"] {
        std::fs::create_dir(scratch.path(owner)).unwrap();
    }
    let repositories = ["ann/asio", "bob/asio", "ann/beast"].map(|name| scratch.repository(name));
    for repository in &repositories {
        commit_on(repository, "01-01");
    }
    let arguments: Vec<&str> = repositories
        .iter()
        .flat_map(|one| ["--repository", one.arg()])
        .collect();
    let said = scratch.collect_ok("w", &arguments);
    for start in ["ann/asio: 1 new", "bob/asio: 1 new", "\nbeast: 1 new"] {
        assert!(said.contains(start), "{said}");
    }
}

#[test]
fn later_runs_read_only_what_is_new_and_end_with_the_same_numbers() {
    let scratch = Scratch::new();
    let repository = sample(&scratch);
    let arguments = ["--repository", repository.arg()];
    scratch.collect_ok("w", &arguments);
    assert!(
        scratch
            .collect_ok("w", &arguments)
            .contains("0 new commits and 0 new tags")
    );

    repository.write("d.txt", "d\n");
    repository.commit("Ann", "2026-03-02T13:00:00Z");
    repository.git(&["tag", "v3"]);
    assert!(
        scratch
            .collect_ok("w", &arguments)
            .contains("1 new commit and 1 new tag")
    );
    assert_as_fresh(&scratch, &arguments);
}

#[test]
fn a_rewritten_history_is_read_again() {
    let scratch = Scratch::new();
    let repository = sample(&scratch);
    let arguments = ["--repository", repository.arg()];
    scratch.collect_ok("w", &arguments);
    repository.git(&["reset", "--quiet", "--hard", "v1"]);
    repository.git(&["tag", "--delete", "v2"]);
    repository.write("new.txt", "n\n");
    repository.commit("Bob", "2026-04-01T00:00:00Z");
    let said = scratch.collect_ok("w", &arguments);
    assert!(
        said.contains("reading everything again: its history was rewritten"),
        "{said}"
    );
    assert_as_fresh(&scratch, &arguments);
}

#[test]
fn what_a_rewritten_history_took_is_gone() {
    let scratch = Scratch::new();
    let repository = sample(&scratch);
    let arguments = ["--repository", repository.arg()];
    scratch.collect_ok("w", &arguments);
    scratch.commit("w");
    repository.git(&["reset", "--quiet", "--hard", "v1"]);
    repository.git(&["tag", "--delete", "v2"]);
    scratch.collect_ok("w", &arguments);
    let gone = |collection| {
        let mut data = scratch.data("w", collection);
        data.retain(|data| data["gone"] == true);
        data
    };
    assert_eq!(
        gone("github_activity_day"),
        [json!({"gone": true, "date": "2026-03-02"})]
    );
    assert_eq!(gone("github_activity_tag"), [json!({"gone": true, "tag": "v2"})]);
    assert_eq!(
        gone("github_activity_author"),
        [json!({"gone": true, "identity": "bob@example.org"})]
    );
}

#[test]
fn a_url_gives_the_same_numbers_as_the_path() {
    let scratch = Scratch::new();
    let repository = sample(&scratch);
    // Attributes of the work tree, which a bare copy has not, change nothing.
    repository.write(".gitattributes", "*.txt -diff\n");
    repository.commit("Ann", "2026-03-02T14:00:00Z");
    scratch.collect_ok("path", &["--repository", repository.arg()]);
    scratch.collect_ok("url", &["--repository", &repository.url()]);
    for collection in COLLECTIONS {
        assert_eq!(scratch.data("url", collection), scratch.data("path", collection));
    }
    // Later runs fetch into the same mirror, also after a force-push.
    repository.git(&["reset", "--quiet", "--hard", "v1"]);
    let said = scratch.collect_ok("url", &["--repository", &repository.url()]);
    assert!(said.contains("its history was rewritten"), "{said}");
    assert_eq!(std::fs::read_dir(scratch.path("url/mirrors")).unwrap().count(), 1);
}

#[test]
fn the_edge_of_a_shallow_clone_adds_no_lines() {
    let scratch = Scratch::new();
    let whole = sample(&scratch);
    let shallow = scratch.repository("shallow");
    shallow.git(&["fetch", "--quiet", "--depth=2", &whole.url(), "main"]);
    shallow.git(&["reset", "--quiet", "--hard", "FETCH_HEAD"]);
    let arguments = ["--repository", shallow.arg()];
    let said = scratch.collect_ok("w", &arguments);
    assert!(said.contains("a shallow clone"), "{said}");
    let repository = &scratch.data("w", "github_activity_repository")[0];
    assert_eq!(
        (&repository["complete"], &repository["commits"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(repository["added"], 0);

    shallow.git(&["fetch", "--quiet", "--unshallow", &whole.url(), "main"]);
    let said = scratch.collect_ok("w", &arguments);
    assert!(said.contains("more or less of its history is here"), "{said}");
    assert_eq!(scratch.data("w", "github_activity_repository")[0]["added"], 6);
}

#[test]
fn an_empty_repository_is_a_success_with_nothing() {
    let scratch = Scratch::new();
    let repository = scratch.repository("empty");
    for source in [repository.arg(), &repository.url()] {
        let said = scratch.collect_ok("w", &["--repository", source]);
        assert!(said.contains("it has no commits yet"), "{said}");
    }
    assert!(scratch.data("w", "github_activity_day").is_empty());
    assert_eq!(scratch.data("w", "github_activity_repository")[0]["commits"], 0);
}

#[test]
fn hostile_authors_and_times_are_bounded_and_harmless() {
    let scratch = Scratch::new();
    let repository = scratch.repository("hostile");
    let mut author = b"\x1b[2J\xff".to_vec();
    author.extend(std::iter::repeat_n(b'x', 1 << 20));
    author.extend(b" <a@b>");
    repository.raw_commit(&author, 86_400);
    let output = scratch.collect("w", &["--repository", repository.arg()]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!output.stdout.contains(&0x1b) && output.stdout.len() < 1_000);
    let day = &scratch.data("w", "github_activity_day")[0];
    assert_eq!(day["date"], "1970-01-02");
    assert_eq!(day["by_author"][0]["name"].as_str().unwrap().chars().count(), 200);
}

#[test]
fn a_damaged_state_is_said_and_made_anew() {
    let scratch = Scratch::new();
    let repository = sample(&scratch);
    let arguments = ["--repository", repository.arg()];
    scratch.collect_ok("w", &arguments);
    let state = std::fs::read_dir(scratch.path("w/state"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    std::fs::write(&state, "{\"version\":1").unwrap();
    let output = scratch.collect("w", &arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && stderr.contains("is damaged"),
        "{stderr}"
    );
    assert_as_fresh(&scratch, &arguments);
}

fn assert_as_fresh(scratch: &Scratch, arguments: &[&str]) {
    scratch.collect_ok("fresh", arguments);
    for collection in COLLECTIONS {
        assert_eq!(
            scratch.data("w", collection),
            scratch.data("fresh", collection),
            "{collection}"
        );
    }
}

//! Issues and pull requests: to GitHub a pull request is an issue with more. Pure.

use collector_kit::{Record, bounded};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One record per issue; key `<repository> <number>`.
pub(crate) const ISSUE: &str = "github_issue";
/// One record per pull request; key `<repository> <number>`.
pub(crate) const PULL_REQUEST: &str = "github_pull_request";

/// Longest text kept, in characters.
const TEXT: usize = 300;
/// Most labels kept.
const LABELS: usize = 100;

/// An issue or a pull request, as far as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Item {
    /// What it is known by in its repository.
    pub(super) number: u64,
    /// When it changed last.
    pub(super) updated: Timestamp,
    is_pull_request: bool,
    data: Value,
}

impl Item {
    /// Reads an entry of the list; `None` where it has no number or no time.
    pub(super) fn parse(value: &Value) -> Option<Self> {
        let number = value["number"].as_u64()?;
        let updated = value["updated_at"].as_str()?.parse().ok()?;
        let labels: Vec<String> = value["labels"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|label| text(&label["name"]))
            .take(LABELS)
            .collect();
        let pull_request = &value["pull_request"];
        let mut data = json!({
            "number": number, "title": text(&value["title"]), "state": text(&value["state"]),
            "author": text(&value["user"]["login"]), "labels": labels, "comments": value["comments"].as_u64(),
            "created_at": text(&value["created_at"]), "updated_at": text(&value["updated_at"]),
            "closed_at": text(&value["closed_at"]),
        });
        if pull_request.is_object() {
            data["merged_at"] = json!(text(&pull_request["merged_at"]));
            data["draft"] = json!(value["draft"].as_bool().unwrap_or(false));
        } else {
            data["reason"] = json!(text(&value["state_reason"]));
        }
        Some(Self {
            number,
            updated,
            is_pull_request: pull_request.is_object(),
            data,
        })
    }

    /// As a record of this repository.
    pub(super) fn record(&self, repository: &str) -> Record {
        let collection = if self.is_pull_request { PULL_REQUEST } else { ISSUE };
        let mut data = self.data.clone();
        data["repository"] = json!(repository);
        Record::new(collection, format!("{repository} {}", self.number), data)
    }
}

/// A text, bounded; `None` for anything else.
pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(|text| bounded(text, TEXT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issues_and_pull_requests_are_told_apart() {
        let issue = json!({
            "number": 7, "title": "x".repeat(1000), "state": "open", "user": {"login": "ann"}, "comments": 2,
            "labels": [{"name": "bug"}, {"no": "name"}], "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-02T00:00:00Z", "closed_at": null, "body": "not kept",
        });
        let record = Item::parse(&issue).unwrap().record("github.com/a/b");
        assert_eq!(
            (record.collection, record.key.as_str()),
            (ISSUE, "github.com/a/b 7")
        );
        assert_eq!(record.data["labels"], json!(["bug"]));
        assert_eq!(record.data["title"].as_str().unwrap().chars().count(), 300);
        assert!(record.data.get("body").is_none() && record.data.get("merged_at").is_none());

        let mut pull = issue;
        pull["pull_request"] = json!({"merged_at": "2026-01-02T00:00:00Z"});
        let record = Item::parse(&pull).unwrap().record("github.com/a/b");
        assert_eq!(record.collection, PULL_REQUEST);
        assert_eq!(record.data["merged_at"], "2026-01-02T00:00:00Z");
    }

    #[test]
    fn what_is_no_item_is_left_out() {
        for value in [
            json!(null),
            json!({}),
            json!({"number": 1}),
            json!({"number": 1, "updated_at": "soon"}),
        ] {
            assert_eq!(Item::parse(&value), None, "{value}");
        }
    }
}

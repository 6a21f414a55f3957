//! Releases. Pure.

use collector_kit::Record;
use serde_json::{Value, json};

use super::item::text;

/// One record per release; key `<repository> <id>`.
pub(crate) const RELEASE: &str = "github_release";

/// Reads an entry of the list; `None` where it has no id.
pub(super) fn record(repository: &str, value: &Value) -> Option<Record> {
    let id = value["id"].as_u64()?;
    let assets = value["assets"].as_array();
    let downloads: u64 = assets
        .into_iter()
        .flatten()
        .filter_map(|asset| asset["download_count"].as_u64())
        .sum();
    let data = json!({
        "repository": repository, "id": id, "tag": text(&value["tag_name"]), "name": text(&value["name"]),
        "author": text(&value["author"]["login"]), "draft": value["draft"].as_bool(),
        "prerelease": value["prerelease"].as_bool(), "created_at": text(&value["created_at"]),
        "published_at": text(&value["published_at"]), "assets": assets.map(Vec::len), "downloads": downloads,
    });
    Some(Record::new(RELEASE, format!("{repository} {id}"), data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloads_add_up() {
        let value = json!({
            "id": 5, "tag_name": "v1", "name": null, "draft": false, "prerelease": true,
            "assets": [{"download_count": 3}, {"download_count": 4}, {}],
        });
        let record = record("github.com/a/b", &value).unwrap();
        assert_eq!(record.key, "github.com/a/b 5");
        assert_eq!(
            (&record.data["downloads"], &record.data["assets"]),
            (&json!(7), &json!(3))
        );
        assert!(super::record("x", &json!({"tag_name": "v1"})).is_none());
    }
}

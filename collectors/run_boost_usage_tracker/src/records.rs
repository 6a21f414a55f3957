//! What others read: the counts of the trees of this run, as records.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use collector_kit::{Record, Workspace};
use serde_json::{Value, json};

use crate::count::{Count, LeftOut, Uses};
use crate::library;

/// One record per tree and Boost library; key `<root> <library>`.
pub(crate) const LIBRARY: &str = "boost_usage";
/// One record per tree and Boost header; key `<root> <header>`.
pub(crate) const HEADER: &str = "boost_usage_header";
/// One record per tree; key `<root>`.
pub(crate) const TREE: &str = "include_usage";

/// How many of the most included headers a tree's record names.
const TOP: usize = 25;

/// How many records of each collection were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// Of [`TREE`].
    pub(crate) trees: u64,
    /// Of [`LIBRARY`].
    pub(crate) libraries: u64,
    /// Of [`HEADER`].
    pub(crate) headers: u64,
}

/// Writes all three collections, each as a whole.
pub(crate) fn write(trees: &[(PathBuf, Count)], workspace: &Workspace) -> anyhow::Result<Written> {
    Ok(Written {
        trees: workspace.write_records(TREE, trees.iter().map(|(root, count)| tree(root, count)))?,
        libraries: workspace.write_records(
            LIBRARY,
            trees.iter().flat_map(|(root, count)| libraries(root, count)),
        )?,
        headers: workspace.write_records(
            HEADER,
            trees.iter().flat_map(|(root, count)| headers(root, count)),
        )?,
    })
}

fn tree(root: &Path, count: &Count) -> Record {
    let root = root.to_string_lossy();
    let top: Vec<Value> = count
        .ranked_headers()
        .iter()
        .take(TOP)
        .map(|(header, uses)| json!({"header": header, "includes": uses.includes, "files": uses.files}))
        .collect();
    let boost: Uses = count.libraries.values().fold(Uses::default(), |mut all, uses| {
        all.includes += uses.includes;
        all
    });
    let left_out = |left_out: &LeftOut| json!({"count": left_out.count, "examples": left_out.examples});
    Record::new(
        TREE,
        root.clone(),
        json!({
            "root": root, "files": count.files, "bytes": count.bytes, "includes": count.includes,
            "computed": count.computed, "probes": count.probes, "headers": count.headers.len(),
            "boost_includes": boost.includes, "boost_files": count.boost_files,
            "boost_headers": count.headers.keys().filter(|header| header.starts_with("boost/")).count(),
            "boost_libraries": count.libraries.keys().filter(|name| **name != library::UNKNOWN).count(),
            "top_headers": top,
            "left_out": {
                "binary": left_out(&count.binary), "large": left_out(&count.large),
                "unreadable": left_out(&count.unreadable),
            },
        }),
    )
}

fn libraries<'a>(root: &'a Path, count: &'a Count) -> impl Iterator<Item = Record> + 'a {
    let root = root.to_string_lossy();
    let mut headers: HashMap<&str, u64> = HashMap::new();
    for header in count.headers.keys().filter(|header| header.starts_with("boost/")) {
        *headers.entry(library::of(header)).or_default() += 1;
    }
    count.ranked_libraries().into_iter().map(move |(name, uses)| {
        Record::new(
            LIBRARY,
            format!("{root} {name}"),
            json!({
                "root": root, "library": name, "includes": uses.includes, "conditional": uses.conditional,
                "files": uses.files, "headers": headers.get(name),
            }),
        )
    })
}

fn headers<'a>(root: &'a Path, count: &'a Count) -> impl Iterator<Item = Record> + 'a {
    let root = root.to_string_lossy();
    let ranked = count.ranked_headers().into_iter();
    ranked
        .filter(|(header, _)| header.starts_with("boost/"))
        .map(move |(header, uses)| {
            Record::new(
                HEADER,
                format!("{root} {header}"),
                json!({
                    "root": root, "header": header, "library": library::of(header), "includes": uses.includes,
                    "conditional": uses.conditional, "files": uses.files,
                }),
            )
        })
}

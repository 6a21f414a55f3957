//! What others read: the counts of the trees of this run, as records.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use collector_kit::{Delivery, Record, Recorded};
use serde_json::{Map, Value, json};

use crate::count::{Count, LeftOut};
use crate::library::{self, Libraries};

/// One record per tree and Boost library; key `<root> <library>`.
pub(crate) const LIBRARY: &str = "boost_usage";
/// One record per tree and Boost header; key `<root> <header>`.
pub(crate) const HEADER: &str = "boost_usage_header";
/// One record per tree; key `<root>`.
pub(crate) const TREE: &str = "include_usage";
/// One record per tree and day with a scan; key `<root> <date>`: what changes over time.
pub(crate) const TOTAL: &str = "boost_usage_total";

/// How many of the most included headers a tree's record names.
const TOP: usize = 25;

/// Delivers all collections for the trees of this run, and says what is not
/// included any more in those that could be read. `date` is the slot's. Errors: records cannot be read or
/// handed over.
pub(crate) fn deliver(
    trees: &[(PathBuf, Count<'_>)],
    date: &str,
    known: &Libraries,
    recorded: &Recorded,
    delivery: &mut Delivery<'_>,
) -> anyhow::Result<()> {
    for (root, count) in trees {
        delivery.records([tree(root, count, known), total(root, count, date)])?;
        delivery.records(libraries(root, count))?;
        delivery.records(headers(root, count))?;
    }
    // What could not be read may include what nothing else does any more: it is not gone.
    let whole = trees.iter().filter(|(_, count)| count.unreadable.count == 0);
    let scanned: HashSet<_> = whole.map(|(root, _)| root.to_string_lossy()).collect();
    let in_scope = |data: &Map<String, Value>| {
        let root = data.get("root").and_then(Value::as_str);
        root.is_some_and(|root| scanned.contains(root))
    };
    delivery.settle(recorded, LIBRARY, &["root", "library"], in_scope)?;
    delivery.settle(recorded, HEADER, &["root", "header"], in_scope)
}

fn tree(root: &Path, count: &Count<'_>, known: &Libraries) -> Record {
    let root = root.to_string_lossy();
    let top: Vec<Value> = count
        .ranked_headers()
        .iter()
        .take(TOP)
        .map(|(header, uses)| json!({"header": header, "includes": uses.includes, "files": uses.files}))
        .collect();
    let left_out = |left_out: &LeftOut| json!({"count": left_out.count, "examples": left_out.examples});
    let suffixes: Vec<Value> = count
        .ranked_other()
        .iter()
        .take(TOP)
        .map(|(suffix, files)| json!({"suffix": suffix, "files": files}))
        .collect();
    Record::new(
        TREE,
        root.clone(),
        json!({
            "root": root, "files": count.files, "bytes": count.bytes, "includes": count.includes,
            "computed": count.computed, "probes": count.probes, "headers": count.headers.len(),
            "boost_includes": boost_includes(count), "boost_files": count.boost_files,
            "boost_headers": boost_headers(count), "boost_libraries": boost_libraries(count),
            "libraries_by": if known.recorded > 0 { "records" } else { "rules" },
            "top_headers": top,
            "left_out": {
                "binary": left_out(&count.binary), "large": left_out(&count.large),
                "unreadable": left_out(&count.unreadable), "links": left_out(&count.links),
                "other": {"count": count.other.values().sum::<u64>(), "suffixes": suffixes},
            },
        }),
    )
}

fn total(root: &Path, count: &Count<'_>, date: &str) -> Record {
    let root = root.to_string_lossy();
    let libraries: BTreeMap<&str, u64> = count
        .libraries
        .iter()
        .map(|(name, uses)| (*name, uses.includes))
        .collect();
    Record::new(
        TOTAL,
        format!("{root} {date}"),
        json!({
            "root": root, "date": date, "files": count.files, "includes": count.includes,
            "boost_includes": boost_includes(count), "boost_files": count.boost_files,
            "boost_headers": boost_headers(count), "boost_libraries": boost_libraries(count),
            "libraries": libraries,
        }),
    )
}

fn boost_includes(count: &Count<'_>) -> u64 {
    count.libraries.values().map(|uses| uses.includes).sum()
}

fn boost_headers(count: &Count<'_>) -> usize {
    let headers = count.headers.values();
    headers.filter(|header| header.library.is_some()).count()
}

fn boost_libraries(count: &Count<'_>) -> usize {
    let names = count.libraries.keys();
    names.filter(|name| **name != library::UNKNOWN).count()
}

fn libraries(root: &Path, count: &Count<'_>) -> impl Iterator<Item = Record> {
    let root = root.to_string_lossy();
    let mut headers: HashMap<&str, u64> = HashMap::new();
    for library in count.headers.values().filter_map(|header| header.library) {
        *headers.entry(library).or_default() += 1;
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

fn headers(root: &Path, count: &Count<'_>) -> impl Iterator<Item = Record> {
    let root = root.to_string_lossy();
    let ranked = count.ranked_boost_headers().into_iter();
    ranked.map(move |(header, library, uses)| {
        Record::new(
            HEADER,
            format!("{root} {header}"),
            json!({
                "root": root, "header": header, "library": library, "includes": uses.includes,
                "conditional": uses.conditional, "files": uses.files,
            }),
        )
    })
}

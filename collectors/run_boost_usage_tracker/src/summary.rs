//! What is said about each tree, in words with the real numbers.

use std::path::Path;

use collector_kit::{Delivery, grouped, plural};

use crate::count::{Count, LeftOut};
use crate::library::{self, Libraries};
use crate::records;

/// How many names a line holds.
const NAMED: usize = 5;

/// The lines about one tree.
pub(crate) fn tree(root: &Path, count: &Count<'_>) -> Vec<String> {
    let root = root.display();
    let headers = count.ranked_headers();
    let mut lines = vec![format!(
        "{root}: {} ({} MB), {} of {}",
        plural(count.files, "file", "files"),
        grouped(count.bytes / 1_000_000),
        plural(count.includes, "include", "includes"),
        plural(number(headers.len()), "header", "headers"),
    )];
    if !headers.is_empty() {
        lines.push(format!(
            "{root}: most included: {}",
            names(headers.iter().map(|top| (top.0, top.1.includes)))
        ));
    }
    let libraries: Vec<_> = count
        .ranked_libraries()
        .into_iter()
        .filter(|(name, _)| *name != library::UNKNOWN)
        .collect();
    if count.boost_files == 0 {
        lines.push(format!("{root}: no Boost header is included"));
    } else {
        lines.push(format!(
            "{root}: Boost in {}: {}: {}",
            plural(count.boost_files, "file", "files"),
            plural(number(libraries.len()), "library", "libraries"),
            names(libraries.iter().map(|top| (top.0, top.1.includes))),
        ));
    }
    let other = count.ranked_other();
    if !other.is_empty() {
        let suffixes: Vec<String> = other
            .iter()
            .take(NAMED)
            .map(|(suffix, files)| match *suffix {
                "" => format!("without one ({})", grouped(*files)),
                suffix => format!(".{suffix} ({})", grouped(*files)),
            })
            .collect();
        lines.push(format!(
            "{root}: {} left out by extension: {}{}",
            plural(other.iter().map(|(_, files)| files).sum(), "file", "files"),
            suffixes.join(", "),
            if other.len() > NAMED { ", ..." } else { "" },
        ));
    }
    if count.links.count > 0 {
        lines.push(format!(
            "{root}: {} not followed",
            plural(count.links.count, "symbolic link", "symbolic links")
        ));
    }
    if let Some(unknown) = count.libraries.get(library::UNKNOWN) {
        lines.push(format!(
            "{root}: {} of Boost headers that belong to no library known here",
            plural(unknown.includes, "include", "includes")
        ));
    }
    lines
}

/// What was left out of one tree, and why.
pub(crate) fn warnings(root: &Path, count: &Count<'_>) -> Vec<String> {
    let told = |left_out: &LeftOut, why: &str| {
        (left_out.count > 0).then(|| {
            let examples = left_out.examples.join(", ");
            let more = if left_out.count > number(left_out.examples.len()) {
                ", ..."
            } else {
                ""
            };
            format!(
                "{}: {} {why}: {examples}{more}",
                root.display(),
                plural(left_out.count, "file", "files")
            )
        })
    };
    [
        told(&count.unreadable, "could not be read"),
        told(&count.large, "left out as too large (--max-file-size)"),
        told(&count.binary, "left out as binary"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The line about what was delivered.
pub(crate) fn delivered(delivery: &Delivery<'_>) -> String {
    format!(
        "delivered {}, {}, {}",
        plural(delivery.count(records::TREE), "tree", "trees"),
        plural(
            delivery.count(records::LIBRARY),
            "use of a Boost library",
            "uses of Boost libraries"
        ),
        plural(
            delivery.count(records::HEADER),
            "use of a Boost header",
            "uses of Boost headers"
        ),
    )
}

/// Where it is said from that a header belongs to a library.
pub(crate) fn known(known: &Libraries) -> String {
    match known.recorded {
        0 => "no boost_library is recorded (run_boost_library_tracker has not run here): headers are \
              placed by the rules built in"
            .to_owned(),
        recorded => format!(
            "headers are placed by {}",
            plural(number(recorded), "recorded library", "recorded libraries")
        ),
    }
}

fn names<'a>(ranked: impl Iterator<Item = (&'a str, u64)>) -> String {
    let named: Vec<String> = ranked
        .take(NAMED)
        .map(|(name, includes)| format!("{name} ({})", grouped(includes)))
        .collect();
    named.join(", ")
}

fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

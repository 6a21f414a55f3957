//! What another reader of the same file takes for something else. PyYAML reads YAML 1.1, in
//! which a plain `on` is not a text but the truth value: the key is `True`, and whoever
//! expects a text fails.

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::yaml::node::{Node, Value};
use crate::config::yaml::source::Source;

/// Reports keys that are no texts in YAML 1.1: the first, and how many there are.
pub(crate) fn report_truths(root: &Node, report: &mut Problems<'_>) {
    let mut found = Vec::new();
    gather(root, report.source, &mut found);
    let Some((key, at)) = found.first() else { return };
    let more = match found.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let message =
        format!("PyYAML does not read `{key}` as a text without quotes{more}: it is a truth value there");
    let hint = format!("write `\"{key}\":` if Django reads this file, too");
    report.add(Problem::new(Code::UnquotedTruth, *at, message).hint(hint));
}

fn gather<'n>(node: &'n Node, source: &Source<'_>, found: &mut Vec<(&'n str, usize)>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| gather(item, source, found)),
        Value::Map(entries) => {
            for entry in entries {
                let quoted = source.rest(entry.key_at).starts_with(['"', '\'']);
                if is_truth(&entry.key) && !quoted {
                    found.push((&entry.key, entry.key_at));
                }
                gather(&entry.node, source, found);
            }
        }
        _ => {}
    }
}

/// In any case that somebody would write.
fn is_truth(key: &str) -> bool {
    ["on", "off", "yes", "no"]
        .iter()
        .any(|word| key.eq_ignore_ascii_case(word))
}

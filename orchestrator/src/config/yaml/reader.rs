//! YAML text becomes a tree of [`Node`]s, in one pass over the parser and with
//! a position for every key and value.
//!
//! Bounded in time and memory whatever the text: `guard` has looked at the
//! bytes before, and this module counts nodes (an alias counts each time it is
//! used) and levels. Duplicate keys and tags are reported and reading goes on.

use serde::de::DeserializeSeed;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::yaml::json_escapes::join_surrogates;
use crate::config::yaml::locate::PlaceProbe;
use crate::config::yaml::node::{Node, Value};
use crate::config::yaml::reading::Reading;
use crate::config::yaml::seed::{Seed, Shallow};
use crate::config::yaml::source::Source;

/// The root of the file, or `None` after a problem that ends reading. An empty
/// file is a root that holds nothing.
pub(crate) fn read(report: &mut Problems<'_>) -> Option<Node> {
    let source = report.source;
    let text = match join_surrogates(source.text) {
        Ok(text) => text,
        Err(problem) => {
            report.add(problem);
            return None;
        }
    };
    let mut documents = serde_yaml::Deserializer::from_str(&text);
    let Some(first) = documents.next() else {
        return Some(Node {
            at: 0,
            value: Value::Null,
        });
    };
    let reading = Reading::new(source);
    let read = Shallow::new(Seed::root(&reading)).deserialize(first);
    let root = read.map(|root| match documents.next() {
        None => Some(place_root(&reading, &text, root)),
        Some(second) => {
            let at = first_node(source, second);
            let problem = Problem::new(Code::ManyDocuments, at, "a second YAML document begins here");
            reading.add(problem.hint("keep one document; remove the line `---` between them"));
            None
        }
    });
    let (problems, refusal) = reading.finish();
    for problem in problems {
        report.add(problem);
    }
    root.unwrap_or_else(|error| {
        report.add(refusal.unwrap_or_else(|| syntax_problem(source, &error)));
        None
    })
}

/// Gives the root its place, which takes another look at the text and so is
/// done only for a file that could be read.
fn place_root(reading: &Reading<'_>, text: &str, root: Node) -> Node {
    let at = serde_yaml::Deserializer::from_str(text)
        .next()
        .map_or(0, |document| first_node(reading.source, document));
    reading.tag(at);
    Node { at, ..root }
}

fn first_node(source: &Source<'_>, document: serde_yaml::Deserializer<'_>) -> usize {
    let Err(error) = PlaceProbe::NEW.deserialize(document);
    location(source, &error).unwrap_or_default()
}

fn location(source: &Source<'_>, error: &serde_yaml::Error) -> Option<usize> {
    error
        .location()
        .map(|place| source.offset(place.line(), place.column()))
}

fn syntax_problem(source: &Source<'_>, error: &serde_yaml::Error) -> Problem {
    let Some(at) = location(source, error) else {
        // The parser itself stops at aliases that repeat a short text very often.
        let message = "aliases repeat parts of the file too often";
        return Problem::new(Code::TooLarge, 0, message).hint("write the repeated parts out, or remove them");
    };
    let text = error.to_string();
    let (line, column) = source.position(at);
    let text = text.replacen(&format!(" at line {line} column {column}"), "", 1);
    let rest = source.rest(at);
    let hint = if rest.starts_with('\t') {
        "YAML does not allow tabs as indentation: use spaces"
    } else if rest.starts_with(['@', '`', '%', '*', '&', '!', '|', '>']) {
        "put the text between double quotes: it begins with a character that means something in YAML"
    } else if text.contains("scanning an a") {
        // An alias or an anchor that is none: `*/5 * * * *`.
        "put the text between double quotes: it begins with `*` or `&`, which mean something in YAML"
    } else if text.contains("mapping values") {
        "put the text between double quotes if it holds a `: `, or check the indentation"
    } else if text.contains("Unicode character escape") {
        "write the character itself, or `\\U0001f600` for what JSON writes as `\\ud83d\\ude00`"
    } else if text.contains("unknown anchor") {
        "define the anchor with `&name` before its use, or put a text that begins with `*` between quotes"
    } else {
        "check the indentation and the closing quotes and brackets above this place"
    };
    Problem::new(Code::Syntax, at, format!("not valid YAML: {text}")).hint(hint)
}

//! YAML text becomes a tree of [`Node`]s, in one pass over the parser and with
//! a position for every key and value.
//!
//! Bounded in time and memory whatever the text: `guard` has looked at the
//! bytes before, and this module counts nodes (an alias counts each time it is
//! used) and levels. Duplicate keys and tags are reported and reading goes on.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::codes::Code;
use super::locate::{Probe, place};
use super::node::{Entry, Int, Node, Text, Value};
use super::report::{Problem, Report};
use super::source::Source;
use super::suggest::quote;

/// Nodes of one file. Ten for a task make this ten thousand tasks.
const MAX_NODES: usize = 100_000;
/// Bytes of all texts together, which aliases could multiply.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Levels of lists and mappings. The deepest place with a meaning is the seventh.
const MAX_DEPTH: usize = 24;

/// The root of the file, or `None` after a problem that ends reading. An empty
/// file is a root that holds nothing.
pub(super) fn read(report: &mut Report<'_>) -> Option<Node> {
    let source = report.source;
    let reader = Reader {
        source,
        state: RefCell::default(),
    };
    let mut documents = serde_yaml::Deserializer::from_str(source.text);
    let Some(first) = documents.next() else {
        return Some(Node {
            at: 0,
            value: Value::Null,
        });
    };
    let seed = Seed {
        reader: &reader,
        at: 0,
        depth: 0,
    };
    let root = match Shallow::new(seed).deserialize(first) {
        Ok(root) => match documents.next() {
            None => Some(place_root(&reader, root)),
            Some(second) => {
                let at = first_node(source, second);
                let problem = Problem::new(Code::ManyDocuments, at, "a second YAML document begins here");
                reader.add(problem.hint("keep one document; remove the line `---` between them"));
                None
            }
        },
        Err(error) => {
            let refusal = reader.state.borrow_mut().refusal.take();
            reader.add(refusal.unwrap_or_else(|| syntax_problem(source, &error)));
            None
        }
    };
    for problem in reader.state.into_inner().problems {
        report.add(problem);
    }
    root
}

/// Gives the root its place, which takes another look at the text and so is
/// done only for a file that could be read.
fn place_root(reader: &Reader<'_>, root: Node) -> Node {
    let at = serde_yaml::Deserializer::from_str(reader.source.text)
        .next()
        .map_or(0, |document| first_node(reader.source, document));
    reader.tag(at);
    Node { at, ..root }
}

fn first_node(source: &Source<'_>, document: serde_yaml::Deserializer<'_>) -> usize {
    let Err(error) = Probe::NEW.deserialize(document);
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
    } else if text.contains("mapping values") {
        "put the text between double quotes if it holds a `: `, or check the indentation"
    } else if text.contains("unknown anchor") {
        "define the anchor with `&name` before its use, or put a text that begins with `*` between quotes"
    } else {
        "check the indentation and the closing quotes and brackets above this place"
    };
    Problem::new(Code::Syntax, at, format!("not valid YAML: {text}")).hint(hint)
}

struct Reader<'s> {
    source: &'s Source<'s>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    nodes: usize,
    text: usize,
    problems: Vec<Problem>,
    /// Why reading ended before the end of the text.
    refusal: Option<Problem>,
}

impl Reader<'_> {
    fn add(&self, problem: Problem) {
        self.state.borrow_mut().problems.push(problem);
    }

    /// Ends reading; the error carries nothing, the problem is kept here.
    fn refuse<E: Error>(&self, problem: Problem) -> E {
        self.state.borrow_mut().refusal.get_or_insert(problem);
        E::custom("refused")
    }

    fn count<E: Error>(&self, at: usize) -> Result<(), E> {
        self.state.borrow_mut().nodes += 1;
        self.judge_size(at)
    }

    /// Keeps a text.
    fn keep<E: Error>(&self, at: usize, text: &str) -> Result<String, E> {
        self.state.borrow_mut().text += text.len();
        self.judge_size(at)?;
        Ok(text.to_owned())
    }

    fn judge_size<E: Error>(&self, at: usize) -> Result<(), E> {
        let State { nodes, text, .. } = *self.state.borrow();
        let message = if nodes > MAX_NODES {
            format!("more than {MAX_NODES} keys and values, aliases counted at each use")
        } else if text > MAX_TEXT {
            format!(
                "more than {} MiB of text, aliases counted at each use",
                MAX_TEXT / 1024 / 1024
            )
        } else {
            return Ok(());
        };
        Err(self
            .refuse(Problem::new(Code::TooLarge, at, message).hint("write fewer tasks, or split the file")))
    }

    /// The byte at which a failed probe stood.
    fn offset(&self, error: &impl fmt::Display) -> usize {
        let (line, column) = place(error);
        self.source.offset(line, column)
    }

    /// Reports a tag at this place, which may follow an anchor.
    fn tag(&self, at: usize) -> bool {
        let mut rest = self.source.rest(at);
        if rest.starts_with('&') {
            rest = rest.trim_start_matches(|c: char| !c.is_whitespace()).trim_start();
        }
        if !rest.starts_with('!') {
            return false;
        }
        let tag: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
        let message = format!("the tag {} has no meaning here", quote(&tag));
        self.add(
            Problem::new(Code::Unsupported, at, message)
                .hint("remove the tag; values have the type that their key wants"),
        );
        true
    }

    /// A number as written, without an anchor before it; `value` where it came
    /// through an alias.
    fn number(&self, at: usize, value: impl fmt::Display) -> String {
        let mut rest = self.source.rest(at);
        if rest.starts_with('&') {
            rest = rest.trim_start_matches(|c: char| !c.is_whitespace()).trim_start();
        }
        let text: String = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "+-._".contains(*c))
            .collect();
        if text.is_empty() { value.to_string() } else { text }
    }
}

/// Uses up the parser's levels of recursion but for those that [`MAX_DEPTH`]
/// needs, because a probe costs as many calls as levels are left.
struct Shallow<S> {
    seed: S,
    levels: usize,
}

impl<S> Shallow<S> {
    /// The parser's own limit (serde_yaml, `remaining_depth`).
    const PARSER: usize = 128;

    fn new(seed: S) -> Self {
        Self {
            seed,
            levels: Self::PARSER - MAX_DEPTH - 4,
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Shallow<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        match self.levels.checked_sub(1) {
            Some(levels) => deserializer.deserialize_newtype_struct("", Self { levels, ..self }),
            None => self.seed.deserialize(deserializer),
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Shallow<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.deserialize(deserializer)
    }
}

/// Reads the node that comes next, whose place is known.
struct Seed<'r, 's> {
    reader: &'r Reader<'s>,
    at: usize,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.reader.count(self.at)?;
        let at = self.at;
        if self.reader.tag(at) {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Node {
                at,
                value: Value::Refused,
            });
        }
        let value = deserializer.deserialize_any(self)?;
        Ok(Node { at, value })
    }
}

impl Seed<'_, '_> {
    fn int<E>(self, value: i128) -> Result<Value, E> {
        let text = self.reader.number(self.at, value);
        Ok(Value::Int(Int { value, text }))
    }

    /// The depth of the children.
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH {
            return Ok(self.depth + 1);
        }
        let message = format!("nested deeper than {MAX_DEPTH} levels");
        Err(self
            .reader
            .refuse(Problem::new(Code::TooDeep, self.at, message).hint("a schedule needs no more than 7")))
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        self.int(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        self.int(value.into())
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        self.int(value)
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        self.int(i128::try_from(value).unwrap_or(i128::MAX))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(self.reader.number(self.at, value)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        let text = self.reader.keep(self.at, text)?;
        let plain = !self
            .reader
            .source
            .rest(self.at)
            .starts_with(['"', '\'', '|', '>']);
        Ok(Value::Text(Text { text, plain }))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        // The use of an alias; the tag was reported where the anchor stands.
        let (_tag, content) = data.variant::<IgnoredAny>()?;
        content.newtype_variant::<IgnoredAny>()?;
        Ok(Value::Refused)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut nodes = Vec::new();
        loop {
            let at = match items.next_element_seed(Probe::NEW) {
                Ok(None) => return Ok(Value::List(nodes)),
                Ok(Some(never)) => match never {},
                Err(error) => self.reader.offset(&error),
            };
            match items.next_element_seed(Seed {
                reader: self.reader,
                at,
                depth,
            })? {
                Some(node) => nodes.push(node),
                None => return Ok(Value::List(nodes)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        loop {
            let key_at = match map.next_key_seed(Probe::NEW) {
                Ok(None) => return Ok(Value::Map(entries)),
                Ok(Some(never)) => match never {},
                Err(error) => self.reader.offset(&error),
            };
            let Some(key) = map.next_key_seed(Key {
                reader: self.reader,
                at: key_at,
            })?
            else {
                return Ok(Value::Map(entries));
            };
            let at = match map.next_value_seed(Probe::NEW) {
                Ok(never) => match never {},
                Err(error) => self.reader.offset(&error),
            };
            let node = map.next_value_seed(Seed {
                reader: self.reader,
                at,
                depth,
            })?;
            if key == "<<" {
                let message = "merge keys are not part of YAML 1.2";
                let problem = Problem::new(Code::Unsupported, key_at, message);
                self.reader
                    .add(problem.hint("put what tasks share under `defaults:` or under the group"));
            } else if let Some(&first) = seen.get(&key) {
                let (line, _) = self.reader.source.position(first);
                let message = format!(
                    "the key {} occurs twice; it is first defined at line {line}",
                    quote(&key)
                );
                self.reader.add(
                    Problem::new(Code::DuplicateKey, key_at, message).hint("remove or rename one of them"),
                );
            } else {
                seen.insert(key.clone(), key_at);
            }
            entries.push(Entry { key, key_at, node });
        }
    }
}

/// Reads a key, which is text whatever it looks like: `on`, `2024`, `null`.
struct Key<'r, 's> {
    reader: &'r Reader<'s>,
    at: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let reader = self.reader;
        reader.count(self.at)?;
        reader.tag(self.at);
        let at = self.at;
        deserializer.deserialize_str(self).map_err(|error: D::Error| {
            // A syntax error behind the key has its own place and stays as it is.
            if error.to_string().contains(KEY) {
                let problem = Problem::new(Code::WrongType, at, "a list or mapping cannot be a key");
                return reader.refuse(problem.hint("quote a text that begins with `[` or `{`"));
            }
            error
        })
    }
}

const KEY: &str = "a key that is text";

impl Visitor<'_> for Key<'_, '_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(KEY)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        self.reader.keep(self.at, text)
    }
}

//! The tree of a YAML file: what the parser resolved, where each node stands,
//! and every entry of a mapping in the order of the file.

/// The key that merges a mapping into another one in YAML 1.1. The reader reports it.
pub(crate) const MERGE_KEY: &str = "<<";

/// A value and its first byte.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: usize,
    pub(crate) value: Value,
}

/// What a node holds.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(Int),
    /// A number with a fraction or exponent, as written.
    Float(String),
    Text(Text),
    List(Vec<Node>),
    Map(Vec<MapEntry>),
    /// Already reported; whoever meets it says nothing more.
    Refused,
}

#[derive(Debug)]
pub(crate) struct Int {
    pub(crate) value: i128,
    /// As written: `15`, `+15`, `0xf`.
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// Whether it stands in the file without quotes.
    pub(crate) plain: bool,
}

/// A key and its value. A key that occurs again was reported by the reader; the
/// first one counts, and the others are still judged where every entry is.
#[derive(Debug)]
pub(crate) struct MapEntry {
    pub(crate) key: String,
    pub(crate) key_at: usize,
    pub(crate) node: Node,
}

impl Node {
    /// What it is, for a sentence that says what was wanted instead.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Int(Int { text, .. }) | Value::Float(text) => {
                format!("the number {}", crate::config::problems::suggest::quote(text))
            }
            Value::Text(text) => format!("the text {}", crate::config::problems::suggest::quote(&text.text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
            Value::Refused => "something unusable".to_owned(),
        }
    }
}

impl Int {
    /// The value, if written the one way that nobody can misread: decimal
    /// digits without sign, prefix or leading zero.
    pub(crate) fn plain(&self) -> Option<i64> {
        let value = i64::try_from(self.value).ok()?;
        (value.to_string() == self.text).then_some(value)
    }
}

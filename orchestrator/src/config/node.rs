//! The tree of a YAML file: what the parser resolved, where each node stands,
//! and every entry of a mapping in the order of the file.

/// A value and its first byte.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) value: Value,
}

/// What a node holds.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(Int),
    /// A number with a fraction or exponent, as written.
    Float(String),
    Text(Text),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Already reported; whoever meets it says nothing more.
    Refused,
}

/// A whole number.
#[derive(Debug)]
pub(super) struct Int {
    pub(super) value: i128,
    /// As written: `15`, `+15`, `0xf`.
    pub(super) text: String,
}

/// A text.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) text: String,
    /// Whether it stands in the file without quotes.
    pub(super) plain: bool,
}

/// A key and its value. A key that occurs again was reported by the reader; the
/// first one counts, and the others are still judged where every entry is.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: usize,
    pub(super) node: Node,
}

impl Node {
    /// What it is, for a sentence that says what was wanted instead.
    pub(super) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Int(Int { text, .. }) | Value::Float(text) => {
                format!("the number {}", super::suggest::quote(text))
            }
            Value::Text(text) => format!("the text {}", super::suggest::quote(&text.text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
            Value::Refused => "something unusable".to_owned(),
        }
    }
}

impl Int {
    /// The value, if written the one way that nobody can misread: decimal
    /// digits without sign, prefix or leading zero.
    pub(super) fn plain(&self) -> Option<i64> {
        let value = i64::try_from(self.value).ok()?;
        (value.to_string() == self.text).then_some(value)
    }
}

//! Values for statements, of the few types that both databases have.

use jiff::Timestamp;

use crate::model::RunId;

/// A value for a statement, or within a JSON array that is one.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Arg {
    Int(Option<i64>),
    Text(Option<String>),
    Bool(bool),
    List(Vec<String>),
    Bytes(Vec<u8>),
}

/// `&args![run, position, at]`
macro_rules! args {
    ($($value:expr),* $(,)?) => { [$($crate::database::arg::Arg::from($value)),*] };
}
pub(crate) use args;

/// PostgreSQL's text cannot hold NUL, which a collector may well write.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{2400}")
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<u32> for Arg {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

/// SQL has no unsigned numbers; what does not fit is as good as the largest that does.
impl From<u64> for Arg {
    fn from(value: u64) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<Option<u64>> for Arg {
    fn from(value: Option<u64>) -> Self {
        value.map_or(Self::Int(None), Self::from)
    }
}

impl From<usize> for Arg {
    fn from(value: usize) -> Self {
        Self::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }
}

impl From<Option<i32>> for Arg {
    fn from(value: Option<i32>) -> Self {
        Self::Int(value.map(i64::from))
    }
}

impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<u8> for Arg {
    fn from(value: u8) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<Option<Timestamp>> for Arg {
    fn from(value: Option<Timestamp>) -> Self {
        Self::Int(value.map(Timestamp::as_microsecond))
    }
}

impl From<Timestamp> for Arg {
    fn from(value: Timestamp) -> Self {
        Self::Int(Some(value.as_microsecond()))
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(without_nul(value)))
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<&Option<String>> for Arg {
    fn from(value: &Option<String>) -> Self {
        Self::Text(value.as_deref().map(without_nul))
    }
}

impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(without_nul))
    }
}

impl From<&RunId> for Arg {
    fn from(value: &RunId) -> Self {
        Self::from(value.as_str())
    }
}

impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&Vec<String>> for Arg {
    fn from(value: &Vec<String>) -> Self {
        Self::List(value.iter().map(|text| without_nul(text)).collect())
    }
}

/// As it is: of what a collector delivers, every byte was examined.
impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<&RunId>> for Arg {
    fn from(value: Option<&RunId>) -> Self {
        Self::Text(value.map(|run| without_nul(run.as_str())))
    }
}

impl From<&Vec<u8>> for Arg {
    fn from(value: &Vec<u8>) -> Self {
        Self::Bytes(value.clone())
    }
}

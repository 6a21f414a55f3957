//! A message of a stream: the whole newest state of what is watched. Texts and bars are for the
//! elements of the page that carry their keys, so that a page needs no script that knows it; a
//! new revision says that the page itself has changed and is to be fetched again.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::Bytes;
use serde::Serialize;

use crate::text::make_safe;

/// More elements of a page than this are not told by themselves; they change with the page.
const MOST: usize = 50;

/// The newest state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct LiveNews {
    /// Of the page without what stands here; says nothing but whether it is the same.
    pub(crate) revision: String,
    pub(crate) texts: BTreeMap<String, String>,
    pub(crate) bars: BTreeMap<String, (u64, u64)>,
    pub(crate) log: Option<LogNews>,
    /// Whether nothing will change any more.
    pub(crate) done: bool,
    /// Why nothing can be told, if so.
    pub(crate) away: Option<String>,
}

/// What is new in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct LogNews {
    /// The bytes of the file that `html` shows; what a page has up to `to` it need not add. None of
    /// lines that are in no file: it has reached its cap, and keeps the newest until its end.
    pub(crate) place: Option<(u64, u64)>,
    /// The lines, made of text as those of the page are.
    pub(crate) html: String,
}

impl LiveNews {
    /// Puts a text into the element of this key, with nothing hidden in it.
    pub(crate) fn say(&mut self, key: String, text: &str) {
        if self.texts.len() < MOST || self.texts.contains_key(&key) {
            self.texts.insert(key, make_safe(text).into_owned());
        }
    }

    /// Sets the bar of this key.
    pub(crate) fn measure(&mut self, key: String, bar: (u64, u64)) {
        if self.bars.len() < MOST || self.bars.contains_key(&key) {
            self.bars.insert(key, bar);
        }
    }

    /// Whether something goes on that changes by itself.
    pub(crate) fn is_lively(&self) -> bool {
        !self.texts.is_empty()
    }

    /// As it travels (HTML Living Standard, 9.2.5): JSON has no line breaks of its own.
    pub(crate) fn message(&self) -> Bytes {
        match serde_json::to_string(self) {
            Ok(text) => event("news", &text),
            Err(error) => event("away", &error.to_string()),
        }
    }
}

/// An event of one line.
pub(crate) fn event(name: &str, data: &str) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// The revision of what is shown; only to be compared with others of the same process.
pub(crate) fn revision(shown: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    shown.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_event_with_nothing_hidden() {
        let mut news = LiveNews {
            revision: revision(&1),
            ..LiveNews::default()
        };
        news.say("said-1".to_owned(), "a\u{202e}b\nevent: x\n\n</script>");
        let message = String::from_utf8(news.message().to_vec()).unwrap();
        assert_eq!(message.matches('\n').count(), 3, "{message}");
        assert!(message.starts_with("event: news\ndata: {") && message.ends_with("}\n\n"));
        assert!(message.contains("a\\\\u{202e}b\\\\u{a}event"), "{message}");
        for number in 0..100 {
            news.say(format!("k{number}"), "");
        }
        assert_eq!(news.texts.len(), MOST);
    }
}

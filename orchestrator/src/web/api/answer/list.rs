//! Lists: a page of them, and where the next one begins. A cursor stands for an item, so that
//! nothing that comes or goes meanwhile moves the pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::web::fault::Fault;

/// More are not listed at once; without a wish so many.
const MOST: u32 = 200;
const USUAL: u32 = 50;

/// A page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct ListPage<T> {
    pub(crate) items: Vec<T>,
    /// `cursor` of the next page; `None` where this is the last.
    pub(crate) next: Option<String>,
}

/// How many are wanted.
///
/// # Errors
/// None, or more than are listed.
pub(crate) fn limit(wanted: Option<u32>) -> Result<u32, Fault> {
    match wanted.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(Fault::bad_request(format!("`limit` is 1 to {MOST}"))),
    }
}

/// The cursor that stands for the item of this key.
pub(crate) fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The key that a cursor stands for.
///
/// # Errors
/// It is none of ours.
pub(crate) fn key(cursor: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(key) => Ok(Some(key)),
        None => Err(wrong_cursor()),
    }
}

/// It is none of this list.
pub(crate) fn wrong_cursor() -> Fault {
    Fault::bad_request("`cursor` is none of this list").hint("it is `next` of the page before")
}

impl<T> ListPage<T> {
    /// The page of these, of which there may be one more than is wanted.
    pub(crate) fn of(mut items: Vec<T>, limit: u32, key: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| cursor(&key(last)));
        Self { items, next }
    }

    /// The page of a list that is all there, in order of its keys: those after `after`.
    pub(crate) fn after(items: Vec<T>, after: Option<&str>, limit: u32, key: impl Fn(&T) -> String) -> Self {
        let is_later = |item: &T| after.is_none_or(|after| key(item).as_str() > after);
        let mut later: Vec<T> = items.into_iter().filter(is_later).collect();
        later.sort_by_cached_key(&key);
        later.truncate(limit as usize + 1);
        Self::of(later, limit, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let all = ["e", "a", "d", "b", "c"].map(str::to_owned);
        let mut seen = Vec::new();
        let mut next = None;
        loop {
            let after = key(next.as_deref()).unwrap();
            let page = ListPage::after(all.to_vec(), after.as_deref(), 2, Clone::clone);
            seen.extend(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"]);
        assert_eq!(
            key(Some(&cursor("a\u{e4}/ "))).unwrap().as_deref(),
            Some("a\u{e4}/ ")
        );
        for wrong in ["?", "_w", "a"] {
            assert!(key(Some(wrong)).is_err(), "{wrong}");
        }
        assert!(limit(Some(0)).is_err() && limit(Some(201)).is_err());
        assert_eq!((limit(None).unwrap(), limit(Some(200)).unwrap()), (50, 200));
    }
}

//! Listens to what the database of the model is asked, and what it answers.

use std::cell::RefCell;

thread_local! {
    static ASKED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Notes a question and its answer, if somebody wants to know.
pub(super) fn note(line: impl FnOnce() -> String) {
    ASKED.with_borrow_mut(|asked| {
        if let Some(asked) = asked {
            asked.push(line());
        }
    });
}

/// What comes of `work`, and what the database was asked meanwhile.
pub(super) fn listen<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    ASKED.set(Some(Vec::new()));
    let done = work();
    (done, ASKED.take().unwrap_or_default())
}

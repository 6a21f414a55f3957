//! In tests every statement is noted, so that one can look at how the database would go
//! about it.

use std::cell::RefCell;

thread_local! {
    static STATEMENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn note(sql: &str) {
    STATEMENTS.with_borrow_mut(|all| all.push(sql.to_owned()));
}

/// What this thread has sent since it last asked.
pub(crate) fn take() -> Vec<String> {
    STATEMENTS.take()
}

//! One test, two databases.

use crate::run_events::Home;
pub(crate) use crate::runtime::runtime;

/// Makes of each function here a test on either database.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { crate::both::run(None, super::$test); })*
        }
        mod postgres {
            $(#[test] fn $test() {
                crate::both::run(Some(crate::cluster::cluster().database()), super::$test);
            })*
        }
    };
}

pub(crate) fn run(url: Option<String>, test: impl AsyncFnOnce(&Home)) {
    let home = Home::new(url);
    runtime().block_on(test(&home));
}

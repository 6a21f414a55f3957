//! What somebody may do who is let in.

use crate::model::words::words;

words! {
    /// What a token allows; each allows what those before it do.
    pub enum Role {
        /// To look at everything that is shown.
        Viewer = "viewer",
        /// To run, cancel, retry, pause and resume as well.
        Operator = "operator",
    }
}

//! Who may come in, and who may change something. In this order: is the request for us
//! (`guard`), does it come from a page of ours (`origin`), who asks (`identify`, `session_cookie`),
//! and may he (`route_policy`, beside the routes).

pub(crate) mod audited;
pub(crate) mod entrance;
pub(crate) mod guard;
pub(crate) mod identify;
pub(crate) mod next_page;
pub(crate) mod origin;
pub(crate) mod session_cookie;
pub(crate) mod sign_in_tries;

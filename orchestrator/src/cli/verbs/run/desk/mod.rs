//! What `serve` does for operators: the port of the pages and the API, fulfilled here or through the
//! queue.

pub(crate) mod end_run;
pub(crate) mod foretell;
pub(crate) mod plans;
pub(crate) mod serve_desk;

#[cfg(test)]
mod tests;

pub(crate) use serve_desk::ServeDesk;

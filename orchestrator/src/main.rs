//! The `orchestrate` binary: hands over to the fork server's side if it was started
//! as that, to the sender of a notice if it was started as that, else to the command line.

use std::process::ExitCode;
use std::process::Termination;

fn main() -> ExitCode {
    // Before anything else exists: threads, buffers, signal handlers.
    if let Some(code) = orchestrator::process::early_entry() {
        return code;
    }
    if let Some(code) = orchestrator::notify::sender_entry() {
        return code;
    }
    orchestrator::cli::main().report()
}

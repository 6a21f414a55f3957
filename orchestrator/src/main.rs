//! The binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The fork server is this binary too: it must start before any thread does.
    if let Some(code) = orchestrator::process::early_entry() {
        return code;
    }
    ExitCode::SUCCESS
}

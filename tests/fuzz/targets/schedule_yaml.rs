//! Any bytes as a schedule file: a schedule, or diagnostics that can be printed.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match orchestrator::config::parse_schedule("fuzz.yaml", bytes) {
    Ok((schedule, warnings)) => drop(format!("{schedule:?}{warnings:?}")),
    Err(diagnostics) => assert!(!diagnostics.is_empty()),
});

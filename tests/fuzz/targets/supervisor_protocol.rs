//! Any bytes on the sockets between the orchestrator, its fork server and its
//! supervisors: an error at worst.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| orchestrator::process::take_hostile_bytes(bytes));

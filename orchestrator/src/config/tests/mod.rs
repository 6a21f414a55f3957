//! Whole files through the doors of `config`.

mod examples;
mod faults;
mod hostile;
mod keys;
mod policy;
mod roundtrip;
mod seed;

//! Whole files through the doors of `config`.

mod faults;
mod hostile;
mod keys;
mod policy;
mod roundtrip;
mod seed;

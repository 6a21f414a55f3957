//! Whole files through the doors of `config`.

mod faults;
mod hostile;
mod seed;

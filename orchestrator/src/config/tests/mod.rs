//! Whole files through the doors of `config`.

mod seed;

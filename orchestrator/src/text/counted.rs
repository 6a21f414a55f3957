//! Numbers with their noun, as people read them. Pure.

use std::fmt::Display;

/// "1 run", "2 runs"; nouns with another plural are not for here.
pub(crate) fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!(counted(0_usize, "run"), "0 runs");
        assert_eq!(counted(1_u64, "run"), "1 run");
        assert_eq!(counted(2_u32, "run"), "2 runs");
    }
}

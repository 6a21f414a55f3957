//! The one reading of a line of proc_pid_stat(5). Pure: `process` and `store` read the
//! file, each for its own question.

/// The fields from the third one (the state) on, each where `nth` of this iterator is its
/// number less three; `None` if the line is not what proc(5) says. The name before them
/// stands in parentheses and may itself hold spaces, parentheses and bytes of any kind.
pub(crate) fn fields_after_name(stat: &[u8]) -> Option<impl Iterator<Item = &str>> {
    let after_name = memchr::memrchr(b')', stat)? + 1;
    let fields = std::str::from_utf8(&stat[after_name..]).ok()?;
    Some(fields.split_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_shift_the_fields() {
        let line = b"7 (a) R 1 (\xff) S 4 5 6\n";
        let fields: Vec<&str> = fields_after_name(line).unwrap().collect();
        assert_eq!(fields, ["S", "4", "5", "6"]);
        assert!(fields_after_name(b"7 no name").is_none());
    }
}

//! The word that was probably meant. Asked by whoever refuses a name or a key.

/// The candidate that a slip of the fingers would turn into `word`: one slip in a short
/// word, two in most, one for every four characters of a long one. Upper and lower case
/// are alike; of several equally near the first.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.trim().to_lowercase();
    let length = word.chars().count();
    // The distance is quadratic in the length, and no name is that long.
    if length == 0 || length > 64 {
        return None;
    }
    let slips = if length < 5 { 1 } else { 2.max(length / 4) };
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&word, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|&(distance, _)| distance <= slips)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_a_different_word_is_not() {
        let keys = ["command", "schedule", "on", "minutes", "tue"];
        assert_eq!(nearest("comand", keys), Some("command"));
        assert_eq!(nearest("Shcedule", keys), Some("schedule"));
        assert_eq!(nearest("no", keys), Some("on"));
        assert_eq!(nearest("tues", keys), Some("tue"));
        assert_eq!(nearest("retries", keys), None);
        assert_eq!(nearest("", keys), None);
        assert_eq!(nearest(&"x".repeat(1_000_000), keys), None);
        let names = ["run_boost_usage_tracker", "run_boost_library_tracker"];
        assert_eq!(nearest("run_bost_libary_traker", names), Some(names[1]));
    }
}

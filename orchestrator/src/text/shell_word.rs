//! A word as a shell takes it, in commands that people copy.

/// As a shell takes it; most names need nothing.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./#:@%+=,".contains(letter);
    // A shell takes what begins so for a comment.
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('#') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

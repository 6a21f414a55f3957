//! A value that lets in whoever has it: random, shown once, and kept as its hash alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// 256 bits: nothing to guess, so nothing to stretch.
const BYTES: usize = 32;

/// By this scanners of repositories and logs know a token of ours.
const TOKEN_PREFIX: &str = "orc_";

/// A secret as it is handed over. It has no `Debug`, so that it is in no log by mistake.
pub struct SecretValue(String);

/// What is kept of a secret, and found by: SHA-256, in hexadecimal. Two hashes are compared by
/// an index of the database; who does not know the secret cannot choose how its hash begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHash(String);

impl SecretValue {
    /// A new token.
    ///
    /// # Errors
    /// The system gives no random bytes (getrandom(2)).
    pub fn new_token() -> std::io::Result<Self> {
        Ok(Self(format!("{TOKEN_PREFIX}{}", random()?)))
    }

    /// A new value for a session's cookie.
    ///
    /// # Errors
    /// The system gives no random bytes (getrandom(2)).
    pub fn new_cookie() -> std::io::Result<Self> {
        random().map(Self)
    }

    /// To be shown to whom it is for, once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl SecretHash {
    /// Of what somebody has shown.
    pub fn of(shown: &str) -> Self {
        let digest = Sha256::digest(shown.as_bytes());
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// As it is kept.
    pub(crate) fn kept(hash: String) -> Self {
        Self(hash)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn random() -> std::io::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_beginning_and_has_256_bits() {
        let token = SecretValue::new_token().unwrap();
        let bits = token.reveal().strip_prefix("orc_").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(bits).unwrap().len(), 32);
        assert_ne!(token.reveal(), SecretValue::new_token().unwrap().reveal());
        assert_eq!(SecretHash::of(token.reveal()), token.hash());
    }

    /// FIPS 180-4, the example of "abc".
    #[test]
    fn a_hash_is_that_of_the_standard() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(SecretHash::of("abc").as_str(), abc);
    }
}

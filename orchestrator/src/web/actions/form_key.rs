//! The key of a form: by it a form that is sent twice is known to be one, and it is given to who may
//! act on that page and to nobody else, so that a form is answered only where it was shown.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The secret of this process; keys of another one are none.
pub(crate) struct FormKeys([u8; 32]);

impl FormKeys {
    /// With a secret of its own.
    ///
    /// # Errors
    /// The system gives no random bytes (getrandom(2)).
    pub(crate) fn new() -> std::io::Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self(secret))
    }

    /// A new key for the form at `path`, for whom the token of this name lets in.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn issue(&self, name: &str, path: &str) -> std::io::Result<String> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce)?;
        let nonce = URL_SAFE_NO_PAD.encode(nonce);
        let code = self
            .code(name, path, &nonce)
            .map(|code| code.finalize().into_bytes());
        let code = code.map(|code| URL_SAFE_NO_PAD.encode(code)).unwrap_or_default();
        Ok(format!("{nonce}.{code}"))
    }

    /// Whether it is one for him and this path. Takes as long whatever is wrong with it.
    pub(crate) fn is_one(&self, name: &str, path: &str, key: &str) -> bool {
        let Some((nonce, code)) = key.split_once('.') else {
            return false;
        };
        let (Ok(shown), Some(code)) = (URL_SAFE_NO_PAD.decode(code), self.code(name, path, nonce)) else {
            return false;
        };
        code.verify_slice(&shown).is_ok()
    }

    fn code(&self, name: &str, path: &str, nonce: &str) -> Option<Hmac<Sha256>> {
        // A key of any length will do for an HMAC (RFC 2104, 3).
        let mut code = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        for part in [name, path, nonce] {
            code.update(&(part.len() as u64).to_be_bytes());
            code.update(part.as_bytes());
        }
        Some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_for_one_person_and_one_form() {
        let keys = FormKeys::new().unwrap();
        let key = keys.issue("ops", "/groups/g/pause").unwrap();
        assert!(keys.is_one("ops", "/groups/g/pause", &key));
        assert!(!keys.is_one("wall", "/groups/g/pause", &key));
        assert!(!keys.is_one("ops", "/groups/h/pause", &key));
        assert!(!keys.is_one("ops/", "groups/g/pause", &key));
        assert!(
            !FormKeys::new().unwrap().is_one("ops", "/groups/g/pause", &key),
            "of another process"
        );
        let other = keys.issue("ops", "/groups/g/pause").unwrap();
        assert_ne!(key, other);
        let (nonce, code) = (key.split_once('.').unwrap().0, other.split_once('.').unwrap().1);
        for wrong in [
            "",
            ".",
            "a",
            &format!("{nonce}."),
            &format!("{nonce}.{code}"),
            &key[1..],
        ] {
            assert!(!keys.is_one("ops", "/groups/g/pause", wrong), "{wrong}");
        }
    }
}

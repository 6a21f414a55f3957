//! What large providers want to see in a mail, and what keeps vacation notices away.

use std::error::Error;

use lettre::message::header::{Header, HeaderName, HeaderValue};

/// `Auto-Submitted: auto-generated` (RFC 3834): nobody's machine shall answer it.
#[derive(Debug, Clone, Copy)]
pub(super) struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// `<random@domain>` (RFC 5322, 3.6.4), of the sender's domain: a name of this machine that
/// nobody else can look up makes mail suspect.
pub(super) fn message_id(from: &str) -> String {
    let domain = from.rsplit('@').next().unwrap_or("localhost");
    format!("<{:032x}@{domain}>", fastrand::u128(..))
}

/// How we greet a server (RFC 5321, 4.1.4): by name, if it is a whole one.
pub(super) fn whole_name(host: &str) -> Option<&str> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (host.contains('.') && host.len() < 256 && host.split('.').all(is_part)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_of_the_senders_domain_and_of_nobody_elses_mail() {
        let id = message_id("a@b@example.org");
        assert!(id.starts_with('<') && id.ends_with("@example.org>"), "{id}");
        assert_ne!(id, message_id("a@b@example.org"));
    }

    #[test]
    fn only_a_whole_name_greets() {
        assert_eq!(whole_name("night.example.org"), Some("night.example.org"));
        for host in ["night", "a..b", "a b.c", "", "a.b\r\nMAIL"] {
            assert_eq!(whole_name(host), None, "{host:?}");
        }
    }
}

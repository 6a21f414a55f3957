//! Where a browser goes after signing in: a page of ours and nowhere else (open redirect).

/// The longest address that is gone back to.
const LONGEST: usize = 2000;

/// The path and query of a page of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NextPage(String);

impl NextPage {
    /// What an address asks for, or Home. Browsers read `//host`, `/\host` and what has control
    /// characters in it (they drop tabs and line ends) as another place
    /// (<https://url.spec.whatwg.org/#relative-slash-state>).
    pub(crate) fn parse(asked: &str) -> Self {
        let is_ours = asked.len() <= LONGEST
            && asked.starts_with('/')
            && !asked.starts_with("//")
            && asked.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        // Whoever has just signed in does not want to sign in.
        let is_door = asked.split(['?', '#']).next() == Some("/login");
        match is_ours && !is_door {
            true => Self(asked.to_owned()),
            false => Self("/".to_owned()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_ours_is_gone_to() {
        for ours in [
            "/",
            "/runs?outcome=failed",
            "/runs/a#why",
            "/a//b",
            "/collectors/g/a%2Fb",
        ] {
            assert_eq!(NextPage::parse(ours).as_str(), ours);
        }
        let long = format!("/{}", "x".repeat(LONGEST));
        for other in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/a\\..\\b",
            "https:evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "evil.example",
            " //evil.example",
            "/\t/evil.example",
            "/\r\nSet-Cookie: a=b",
            "/runs/\u{202e}",
            "/login",
            "/login?next=/login",
            &long,
        ] {
            assert_eq!(NextPage::parse(other).as_str(), "/", "{other:?}");
        }
    }
}

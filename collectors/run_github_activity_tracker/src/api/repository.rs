//! A repository as GitHub names it. Pure.

use std::fmt;
use std::str::FromStr;

/// `OWNER/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OnGithub(String);

impl OnGithub {
    /// The repository that a lasting name (`github.com/boostorg/asio`) stands for.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        id.strip_prefix("github.com/")?.parse().ok()
    }

    /// The lasting name, as the records have it.
    pub(super) fn id(&self) -> String {
        format!("github.com/{}", self.0)
    }
}

impl fmt::Display for OnGithub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OnGithub {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_part = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            !matches!(part, "" | "." | "..") && part.len() <= 100 && part.bytes().all(known)
        };
        match text.split_once('/') {
            Some((owner, name)) if is_part(owner) && is_part(name) => Ok(Self(text.to_owned())),
            _ => Err("write it like boostorg/asio".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owner_and_name() {
        assert_eq!(
            OnGithub::of_id("github.com/boostorg/asio").unwrap().to_string(),
            "boostorg/asio"
        );
        for text in ["", "a", "a/", "/b", "a/b/c", "a/..", "a/b?x=1", "a b/c"] {
            assert!(text.parse::<OnGithub>().is_err(), "{text}");
        }
        assert!(OnGithub::of_id("gitlab.com/a/b").is_none());
    }
}

//! Who may read the state directory. Pure.

/// The modes of directories and files that we make, whatever the umask is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum StateMode {
    /// Its owner: 0700 and 0600.
    #[default]
    Private,
    /// A group may read as well: 0750 and 0640.
    Group,
}

impl StateMode {
    /// The words after `state_mode:`, the default first.
    pub(crate) const WORDS: &'static [&'static str] = &["private", "group"];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "private" => Some(Self::Private),
            "group" => Some(Self::Group),
            _ => None,
        }
    }

    pub(crate) fn folder(self) -> u32 {
        match self {
            Self::Private => 0o700,
            Self::Group => 0o750,
        }
    }

    pub(crate) fn file(self) -> u32 {
        self.folder() & 0o666
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_reads_and_nobody_else() {
        assert_eq!(
            (StateMode::Private.folder(), StateMode::Private.file()),
            (0o700, 0o600)
        );
        assert_eq!(
            (StateMode::Group.folder(), StateMode::Group.file()),
            (0o750, 0o640)
        );
        assert!(
            StateMode::WORDS
                .iter()
                .all(|word| StateMode::parse(word).is_some())
        );
    }
}

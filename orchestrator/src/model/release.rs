//! Releases: where they are looked for, which tags are one, and which of them a
//! task has not seen. Pure; `release` asks the outside world, the store remembers.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use regex::Regex;

use crate::model::ids::{CommandName, GroupName, TaskName};

/// Where releases are looked for, and what counts as one.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseSource {
    /// Who is asked.
    pub probe: Probe,
    /// Which of the answers are releases.
    pub pattern: TagPattern,
    /// Older ones are none.
    pub minimum: Version,
    /// How often a scheduler looks by itself, besides in the batches of groups with
    /// on_release tasks; `None` for never.
    pub poll: Option<Duration>,
}

/// Who is asked for releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// The tags of a git repository: a path or a URL.
    Repository(String),
    /// A collector that prints one tag or version a line.
    Command {
        /// The executable, found as collectors are.
        command: CommandName,
        /// Its arguments.
        args: Vec<String>,
    },
}

impl Default for ReleaseSource {
    /// The stable releases of Boost, `boost-1.16.1` and later.
    fn default() -> Self {
        Self {
            probe: Probe::Repository(Self::BOOST.to_owned()),
            pattern: TagPattern::of_boost(),
            minimum: Version(vec![1, 16, 1]),
            poll: None,
        }
    }
}

impl ReleaseSource {
    /// Where Boost's tags are.
    pub const BOOST: &'static str = "https://github.com/boostorg/boost.git";

    /// What its tags are kept under: two sources may each have a `v1.0.0`. Without a name or
    /// a password in a URL.
    pub fn key(&self) -> String {
        match &self.probe {
            Probe::Repository(place) => match place.split_once("://") {
                Some((scheme, rest)) => {
                    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                    let host = host.rsplit('@').next().unwrap_or(host);
                    format!("{scheme}://{host}{path}")
                }
                None => place.clone(),
            },
            Probe::Command { command, .. } => format!("command:{command}"),
        }
    }

    /// The releases among `tags`, the oldest first, each once.
    pub fn releases<'a>(&self, tags: impl IntoIterator<Item = &'a str>) -> Vec<ReleaseTag> {
        let found: BTreeSet<ReleaseTag> = tags
            .into_iter()
            .filter_map(|tag| {
                let version = self.pattern.version(tag)?;
                (version >= self.minimum).then(|| ReleaseTag {
                    version,
                    tag: tag.to_owned(),
                })
            })
            .collect();
        found.into_iter().collect()
    }
}

/// A tag that is a release. Ordered by version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleaseTag {
    /// What its tag says.
    pub version: Version,
    /// The tag, which holds no space.
    pub tag: String,
}

/// Numbers with dots between them: `1.90.0`. A number that is absent counts as 0.
#[derive(Debug, Clone)]
pub struct Version(Vec<u64>);

impl Version {
    /// `None` for anything but up to eight numbers with dots between them.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers = text.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        });
        let numbers: Option<Vec<u64>> = numbers.collect();
        numbers.filter(|numbers| numbers.len() <= 8).map(Self)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.0.len().max(other.0.len());
        let number = |version: &Self, place: usize| version.0.get(place).copied().unwrap_or(0);
        (0..length)
            .map(|place| number(self, place).cmp(&number(other, place)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.0.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            write!(f, "{dot}{number}")?;
        }
        Ok(())
    }
}

/// A regular expression for whole tags, whose one group is the version.
#[derive(Debug, Clone)]
pub struct TagPattern {
    text: String,
    whole: Regex,
}

/// Why a text is no [`TagPattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The expression is malformed.
    #[error("it is no regular expression: {0}")]
    Malformed(String),
    /// There must be one group, for the version.
    #[error("it has {0} groups in parentheses; exactly one is needed, for the version")]
    Groups(usize),
}

impl TagPattern {
    /// # Errors
    /// It is malformed, or has not exactly one capturing group.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let whole = Regex::new(&format!("^(?:{text})$")).map_err(|error| {
            // The last line says what; the others draw the expression, which is not as it was written.
            let message = error.to_string();
            let last = message.lines().last().unwrap_or_default();
            PatternError::Malformed(last.trim_start_matches("error: ").to_owned())
        })?;
        match whole.captures_len() {
            2 => Ok(Self {
                text: text.to_owned(),
                whole,
            }),
            groups => Err(PatternError::Groups(groups - 1)),
        }
    }

    fn of_boost() -> Self {
        #[expect(clippy::expect_used, reason = "a constant, and a test makes one")]
        Self::new(Self::BOOST).expect("the pattern of Boost's releases")
    }

    /// Stable releases only: no beta, no release candidate, no `1.91.0-1`; and no number
    /// with zeros in front, which is another text of a release that has a name.
    pub const BOOST: &'static str = r"boost-((?:0|[1-9][0-9]{0,3})(?:\.(?:0|[1-9][0-9]{0,3})){2})";

    /// What most probes print: `1.2.3`, `v1.2.3`.
    pub const VERSIONS: &'static str = r"v?([0-9]+(?:\.[0-9]+)*)";

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The version of a tag, if it is a release.
    fn version(&self, tag: &str) -> Option<Version> {
        // Tags are given to collectors with spaces between them.
        let usable = tag.len() <= 200 && !tag.contains(|c: char| c.is_whitespace() || c.is_control());
        let captures = self.whole.captures(tag).filter(|_| usable)?;
        Version::parse(captures.get(1)?.as_str())
    }
}

impl PartialEq for TagPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for TagPattern {}

/// That a task has dealt with a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handled {
    /// The release.
    pub tag: String,
    /// The task's group.
    pub group: GroupName,
    /// The task in it.
    pub name: TaskName,
}

/// The releases that there are, and what has been done about them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Releases {
    /// The key of their source.
    pub source: String,
    /// The oldest first.
    pub found: Vec<ReleaseTag>,
    /// By whom they were dealt with.
    pub handled: BTreeSet<Handled>,
}

impl Releases {
    /// The tags that this task has not dealt with, the oldest first.
    pub fn pending(&self, group: &GroupName, name: &TaskName) -> Vec<String> {
        let done = |tag: &String| {
            self.handled.contains(&Handled {
                tag: tag.clone(),
                group: group.clone(),
                name: name.clone(),
            })
        };
        let tags = self.found.iter().map(|release| release.tag.clone());
        tags.filter(|tag| !done(tag)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(version("1.9.0") < version("1.10.0"));
        assert!(version("1.90.0") < version("1.90.0.1"));
        assert_eq!(version("1.90"), version("1.90.0"));
        assert_eq!(version("1.90.0").to_string(), "1.90.0");
        for text in [
            "",
            "1.",
            ".1",
            "1..2",
            "1.2-1",
            "+1",
            "a",
            "99999999999999999999",
            "1.1.1.1.1.1.1.1.1",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn boost_s_stable_releases_and_nothing_else() {
        let tags = [
            "boost-1.10.3",
            "boost-1.16.0",
            "boost-1.91.0",
            "boost-1.16.1",
            "boost-1.9.0",
            "boost-1.91.0.beta1",
            "boost-1.91.0-1",
            "boost-1.90.0-rc2",
            "boost-1.90.0",
            "boost-1.90.0",
            "xboost-1.90.0",
            "boost-1.90.0\n",
            "Boost_1_34_0",
            "svn-branches/maintenance",
        ];
        let found = ReleaseSource::default().releases(tags);
        let tags: Vec<&str> = found.iter().map(|release| release.tag.as_str()).collect();
        assert_eq!(tags, ["boost-1.16.1", "boost-1.90.0", "boost-1.91.0"]);
    }

    #[test]
    fn the_key_of_a_source_holds_no_password() {
        let key = |place: &str| {
            let probe = Probe::Repository(place.to_owned());
            let source = ReleaseSource {
                probe,
                ..ReleaseSource::default()
            };
            source.key()
        };
        assert_eq!(
            key("https://me:s3@cret@host.example/a/b.git"),
            "https://host.example/a/b.git"
        );
        assert_eq!(key("https://host.example"), "https://host.example");
        assert_eq!(key("/srv/git/x@y.git"), "/srv/git/x@y.git");
        assert_eq!(key("git@host.example:a/b.git"), "git@host.example:a/b.git");
    }

    #[test]
    fn one_answer_of_every_parser_to_what_is_a_release() {
        let table = include_str!("../../../tests/fixtures/release_tags.tsv");
        let rows = table.lines().filter(|line| !line.starts_with('#'));
        let rows: Vec<(&str, &str)> = rows.map(|line| line.split_once('\t').unwrap()).collect();
        let source = ReleaseSource {
            minimum: version("0"),
            ..ReleaseSource::default()
        };
        let found = source.releases(rows.iter().map(|(tag, _)| *tag));
        let found: Vec<&str> = found.iter().map(|release| release.tag.as_str()).collect();
        let stable = rows.iter().filter(|(_, kind)| *kind == "stable");
        assert_eq!(found, stable.map(|(tag, _)| *tag).collect::<Vec<_>>());
    }

    #[test]
    fn a_pattern_has_one_group() {
        assert_eq!(TagPattern::new(r"v(\d+)").unwrap().as_str(), r"v(\d+)");
        assert_eq!(TagPattern::new("v1").unwrap_err(), PatternError::Groups(0));
        assert_eq!(TagPattern::new("(v)(1)").unwrap_err(), PatternError::Groups(2));
        let error = TagPattern::new("v(1").unwrap_err().to_string();
        assert_eq!(error, "it is no regular expression: unclosed group");
        assert!(
            TagPattern::new(TagPattern::VERSIONS)
                .unwrap()
                .version("v1.2")
                .is_some()
        );
    }

    #[test]
    fn each_task_has_releases_of_its_own_to_deal_with() {
        let found = ReleaseSource::default().releases(["boost-1.90.0", "boost-1.91.0"]);
        let handled = BTreeSet::from([Handled {
            tag: "boost-1.90.0".to_owned(),
            group: GroupName::new("g"),
            name: TaskName::new("a"),
        }]);
        let releases = Releases {
            source: "s".to_owned(),
            found,
            handled,
        };
        let pending = |name| releases.pending(&GroupName::new("g"), &TaskName::new(name));
        assert_eq!(pending("a"), ["boost-1.91.0"]);
        assert_eq!(pending("b"), ["boost-1.90.0", "boost-1.91.0"]);
    }

    proptest! {
        #[test]
        fn whatever_a_repository_says(tags in proptest::collection::vec("\\PC{0,12}|boost-[0-9.]{1,9}", 0..20)) {
            let source = ReleaseSource::default();
            let found = source.releases(tags.iter().map(String::as_str));
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
            for release in &found {
                prop_assert!(release.version >= source.minimum);
                prop_assert!(!release.tag.contains(' '));
                prop_assert!(tags.contains(&release.tag));
            }
        }
    }
}

//! `release:`: where releases are looked for.

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::quote;
use crate::config::schedule::keys::RELEASE;
use crate::config::values::fields::{Fields, list};
use crate::config::values::names;
use crate::config::values::scalar::{argument, text};
use crate::config::yaml::node::Node;
use crate::model::{Probe, ReleaseSource, TagPattern, Version};

/// What is not said is Boost's, or for a probe: every version.
pub(crate) fn release(node: &Node, report: &mut Problems<'_>) -> Option<ReleaseSource> {
    let fields = Fields::open(node, &RELEASE, report)?;
    let boost = ReleaseSource::default();
    let command = fields.get("command").map(|node| names::command(node, report));
    let args = fields.get("args").map(|node| {
        let items = list(node, "`args`", "write the arguments as a list", report);
        let texts = items
            .iter()
            .filter_map(|item| argument(item, "an argument", report));
        texts.collect::<Vec<_>>()
    });
    let repository = fields.get("repository").map(|node| repository(node, report));
    let from_command = command.is_some();
    for (key, misplaced) in [("repository", from_command), ("args", !from_command)] {
        if let Some(entry) = fields.entry(key).filter(|_| misplaced) {
            let (message, hint) = if from_command {
                (
                    "`repository` and `command` are two ways to look for releases",
                    "keep one of them",
                )
            } else {
                ("`args` are for a `command`", "add the `command`, or remove them")
            };
            report.add(Problem::new(Code::DoesNotApply, entry.key_at, message).hint(hint));
        }
    }
    let pattern = match fields.get("tag_pattern") {
        Some(node) => tag_pattern(node, report),
        None if from_command => TagPattern::new(TagPattern::VERSIONS).ok(),
        None => Some(boost.pattern.clone()),
    };
    let minimum = match fields.get("minimum") {
        Some(node) => minimum(node, report),
        // Boost's floor means nothing to other tags.
        None if from_command || fields.get("tag_pattern").is_some() => Version::parse("0"),
        None => Some(boost.minimum.clone()),
    };
    let poll = fields.duration("poll", report);
    if poll.is_none() && fields.get("poll").is_some() {
        return None;
    }
    let probe = match (command, repository) {
        (Some(command), _) => Probe::Command {
            command: command?,
            args: args.unwrap_or_default(),
        },
        (None, Some(repository)) => Probe::Repository(repository?),
        (None, None) => boost.probe,
    };
    Some(ReleaseSource {
        probe,
        pattern: pattern?,
        minimum: minimum?,
        poll,
    })
}

/// A path or URL that can stand in a list of arguments, which everybody can read.
fn repository(node: &Node, report: &mut Problems<'_>) -> Option<String> {
    let given = argument(node, "`repository`", report)?;
    let problem = if given.is_empty() || given.starts_with('-') {
        let message = format!("`repository` cannot be {}", quote(&given));
        Problem::new(Code::BadText, node.at, message).hint("write the path or the URL of a git repository")
    } else if has_password(&given) {
        // Never shown: it would be in the terminal, and in the logs of CI.
        Problem::new(Code::BadText, node.at, "the URL of `repository` holds a password")
            .hint("anybody can read the arguments of git; use a credential helper of git, or ssh")
    } else {
        return Some(given);
    };
    report.add(problem);
    None
}

/// `https://user:password@host/`, or a token in the place of the user.
fn has_password(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':') || scheme.starts_with("http"))
}

fn tag_pattern(node: &Node, report: &mut Problems<'_>) -> Option<TagPattern> {
    let given = text(node, "`tag_pattern`", report)?;
    TagPattern::new(given)
        .map_err(|error| {
            let message = format!("`tag_pattern` cannot be {}: {error}", quote(given));
            let hint = format!("write one like '{}'", TagPattern::BOOST);
            report.add(Problem::new(Code::BadPattern, node.at, message).hint(hint));
        })
        .ok()
}

fn minimum(node: &Node, report: &mut Problems<'_>) -> Option<Version> {
    let given = text(node, "`minimum`", report)?;
    let version = Version::parse(given);
    if version.is_none() {
        let message = format!("`minimum` cannot be {}", quote(given));
        let hint = "write a version as numbers with dots between them, in quotes: \"1.16.1\"";
        report.add(Problem::new(Code::BadText, node.at, message).hint(hint));
    }
    version
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::parse_schedule;

    const TASKS: &str =
        "groups: {g: {default_time: \"04:10\", tasks: [{command: a, schedule: on_release}]}}\n";

    fn read(release: &str) -> ReleaseSource {
        let (schedule, _) = parse_schedule("s.yaml", format!("{TASKS}{release}").as_bytes()).unwrap();
        schedule.release
    }

    fn refused(release: &str) -> Vec<String> {
        parse_schedule("s.yaml", format!("{TASKS}{release}").as_bytes())
            .unwrap_err()
            .iter()
            .map(|found| format!("{}:{} {}", found.line, found.column, found.message))
            .collect()
    }

    #[test]
    fn silence_means_boost() {
        assert_eq!(read(""), ReleaseSource::default());
        assert_eq!(read("release:\n"), ReleaseSource::default());
        assert_eq!(
            read("release: {poll: 1h}\n").poll,
            Some(Duration::from_secs(3600))
        );
    }

    #[test]
    fn a_mirror_has_the_floor_of_boost_s_and_other_tags_have_none() {
        let mirror = read("release: {repository: ../mirror.git}\n");
        assert_eq!(mirror.probe, Probe::Repository("../mirror.git".to_owned()));
        assert_eq!(mirror.releases(["boost-1.0.0", "boost-1.90.0"]).len(), 1);
        let other = read("release: {repository: ../other.git, tag_pattern: 'v([0-9.]+)'}\n");
        assert_eq!(other.releases(["v0.1"]).len(), 1);
    }

    #[test]
    fn a_probe_prints_versions_of_any_kind() {
        let source = read("release: {command: latest, args: [\"--all\"], minimum: \"2\"}\n");
        let tags: Vec<String> = source
            .releases(["v1.9", "2.0.1", "v10", "nightly"])
            .into_iter()
            .map(|release| release.tag)
            .collect();
        assert_eq!(tags, ["2.0.1", "v10"]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let text =
            "release:\n  repository: -x\n  command: a\n  tag_pattern: 'v(1'\n  minimum: one\n  poll: 1s\n";
        assert_eq!(
            refused(text),
            [
                "3:3 `repository` and `command` are two ways to look for releases",
                "3:15 `repository` cannot be `-x`",
                "5:16 `tag_pattern` cannot be `v(1`: it is no regular expression: unclosed group",
                "6:12 `minimum` cannot be `one`",
                "7:9 `poll` cannot be shorter than 1m",
            ]
        );
        assert_eq!(
            refused("release: {args: [a]}\n"),
            ["2:11 `args` are for a `command`"]
        );
        for url in ["https://me:secret@host/x", "https://ghp_secret@host/x"] {
            let said = refused(&format!("release: {{repository: \"{url}\"}}\n"));
            assert_eq!(said, ["2:23 the URL of `repository` holds a password"]);
        }
        assert_eq!(
            read("release: {repository: \"ssh://git@host/x\"}\n").probe,
            Probe::Repository("ssh://git@host/x".to_owned())
        );
    }
}

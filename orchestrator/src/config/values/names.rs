//! The names of groups, commands and environment variables.

use std::borrow::Cow;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::{Problem, Problems};
use crate::config::problems::suggest::quote;
use crate::config::schedule::keys::FREE_PREFIX;
use crate::config::values::scalar::text;
use crate::config::yaml::node::Node;
use crate::model::{CommandName, GroupName, WORKFLOW_GROUP};
use crate::text::first_unseen;

/// Names become parts of paths, of which Linux allows 255 bytes.
pub(crate) const MAX_NAME: usize = 200;

/// The longest name of a task, which stands in URLs, labels and file names.
pub(crate) const MAX_TASK_NAME: usize = 64;
/// Variables with this prefix are how orchestrate speaks to collectors.
const OUR_PREFIX: &str = "ORCHESTRATE_";

/// The key of a group.
pub(crate) fn group(name: &str, at: usize, report: &mut Problems<'_>) -> Option<GroupName> {
    let problem = if name == WORKFLOW_GROUP {
        let message = format!("the group name `{WORKFLOW_GROUP}` stands for the fixed list of `run-all`");
        Problem::new(Code::ReservedName, at, message)
            .hint("rename the group, or move its commands under the top-level `workflow:`")
    } else if name.starts_with(FREE_PREFIX) {
        // Elsewhere such a key is skipped; a group that silently never runs would be a trap.
        let message = format!("a group name cannot begin with `{FREE_PREFIX}`");
        Problem::new(Code::BadName, at, message)
            .hint("rename the group; notes with this prefix can stand at the top level")
    } else if let Some(fault) = fault(name) {
        Problem::new(
            Code::BadName,
            at,
            format!("the group name {} {fault}", quote(name)),
        )
        .hint("write a short name of characters that can be seen")
    } else {
        return Some(GroupName::new(name));
    };
    report.add(problem);
    None
}

/// The value of `command:`: a name or a path.
pub(crate) fn command(node: &Node, report: &mut Problems<'_>) -> Option<CommandName> {
    let name = text(node, "`command`", report)?;
    let fault = fault(name).or_else(|| {
        let last = name.rsplit('/').next().unwrap_or(name);
        if name.starts_with('-') {
            Some("begins with `-` and would be taken for an option".into())
        } else if matches!(last, "" | "." | "..") {
            Some("names a directory".into())
        } else {
            None
        }
    });
    if let Some(fault) = fault {
        let message = if name.is_empty() {
            "the command is empty".to_owned()
        } else {
            format!("the command {} {fault}", quote(name))
        };
        report.add(
            Problem::new(Code::BadName, node.at, message)
                .hint("write the name of a collector, or the path of an executable"),
        );
        return None;
    }
    if name.contains(' ') && !name.contains('/') {
        let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
        let args: Vec<String> = rest
            .split_whitespace()
            .map(crate::config::problems::suggest::yaml_string)
            .collect();
        let message = format!("the command {} holds a space", quote(name));
        let hint = format!(
            "arguments stand apart: `command: {first}` and `args: [{}]`",
            args.join(", ")
        );
        report.add(Problem::new(Code::CommandWithArguments, node.at, message).hint(hint));
    }
    Some(CommandName::new(name))
}

/// The `name:` of a channel of notices; an empty one is none.
pub(crate) fn channel(node: &Node, report: &mut Problems<'_>) -> Option<String> {
    let name = text(node, "`name`", report)?;
    match fault(name).filter(|_| !name.is_empty()) {
        None => Some(name.to_owned()),
        Some(fault) => {
            let message = format!("the name of the channel {} {fault}", quote(name));
            report.add(
                Problem::new(Code::BadName, node.at, message)
                    .hint("write a short name of characters that can be seen"),
            );
            None
        }
    }
}

/// The name of a variable that a schedule or settings file may speak of.
/// `ours` says whether it may be one of orchestrate's own.
pub(crate) fn variable(name: &str, at: usize, ours: bool, report: &mut Problems<'_>) -> bool {
    let problem = if name.is_empty()
        || name.contains(['=', '\0'])
        || name.contains(char::is_whitespace)
        || name.len() > MAX_NAME
        || first_unseen(name).is_some()
    {
        let message = format!("{} cannot be the name of an environment variable", quote(name));
        Problem::new(Code::BadName, at, message)
            .hint("write a name like `GITHUB_TOKEN`: no space, no `=`, at most 200 bytes")
    } else if name.starts_with(OUR_PREFIX) && !ours {
        let message = format!("the variable {} belongs to orchestrate", quote(name));
        Problem::new(Code::ReservedName, at, message)
            .hint(format!("choose a name that does not begin with `{OUR_PREFIX}`"))
    } else {
        return true;
    };
    report.add(problem);
    false
}

fn fault(name: &str) -> Option<Cow<'static, str>> {
    let fault = if name.is_empty() {
        "is empty"
    } else if name.len() > MAX_NAME {
        "is longer than 200 bytes"
    } else if name.contains(char::is_control) {
        "holds a control character"
    } else if let Some(unseen) = first_unseen(name) {
        let number = u32::from(unseen);
        return Some(format!("holds U+{number:04X}, which cannot be seen").into());
    } else if name.trim() != name {
        "begins or ends with a space"
    } else {
        return None;
    };
    Some(fault.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_only_what_can_be_seen() {
        for unseen in [
            '\u{61c}',
            '\u{200b}',
            '\u{200d}',
            '\u{2060}',
            '\u{ad}',
            '\u{fff9}',
            '\u{e0041}',
            '\u{202e}',
            '\u{feff}',
            '\u{3164}',
        ] {
            let told = fault(&format!("run_x{unseen}y")).unwrap();
            assert_eq!(
                told,
                format!("holds U+{:04X}, which cannot be seen", u32::from(unseen))
            );
        }
        for seen in ["run_x", "täglich", "日次", "\u{26a0}\u{fe0f} slow", "\u{1f600}"] {
            assert_eq!(fault(seen), None, "{seen}");
        }
    }
}

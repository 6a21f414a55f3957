//! What `check` says of secrets that are not as secret as they could be.

use std::collections::BTreeSet;

use crate::model::{Schedule, Task};
use crate::text::{NamedSecrets, SHORTEST, secrets_in};

/// A weakness that keeps nothing from running.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SecretWarning {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// Finds them, each once. The schedule has its secrets as placeholders.
pub(crate) fn check_secrets(schedule: &Schedule, secrets: &NamedSecrets) -> BTreeSet<SecretWarning> {
    let mut found: BTreeSet<SecretWarning> = secrets.too_short().map(too_short).collect();
    for task in schedule.tasks() {
        let known = secrets.within(&task.policy.env);
        found.extend(known.too_short().map(too_short));
        found.extend(task.args.iter().flat_map(|arg| in_argument(task, arg, &known)));
    }
    found
}

fn too_short(name: &str) -> SecretWarning {
    SecretWarning {
        code: "W305-secret-too-short",
        message: format!("the value of {name} has fewer than {SHORTEST} bytes: it is masked nowhere"),
        hint: format!("give {name} a longer value, or take it out of `secrets:`"),
    }
}

fn in_argument(task: &Task, arg: &str, secrets: &NamedSecrets) -> Vec<SecretWarning> {
    let warning = |what: &str, hint: String| SecretWarning {
        code: "W304-secret-in-arguments",
        message: format!(
            "{}/{} has {what}: every user of this machine can see it while the collector runs",
            task.group, task.name
        ),
        hint,
    };
    let mut warnings: Vec<SecretWarning> = secrets_in(arg)
        .map(|name| {
            warning(
                &format!("the value of {name} in its arguments"),
                format!("let the collector read the variable {name} itself"),
            )
        })
        .collect();
    // Its own spelling is a placeholder by now.
    if secrets
        .masker()
        .is_some_and(|masker| masker.are_in(arg.as_bytes()))
    {
        warnings.push(warning(
            "an encoded secret in its arguments, which is recorded as it stands there",
            "let the collector encode the value itself".to_owned(),
        ));
    }
    warnings
}

//! A task without its secrets: what of it is stored, shown and compared. Its arguments, the
//! values of its `env:` and its working directory have placeholders where the value of a
//! secret stood; whoever starts an attempt puts values in. Done where a schedule or a command
//! line is read, so that nothing behind that can tell a value.

use crate::model::Task;
use crate::text::NamedSecrets;

/// A task as somebody wrote it, made one that can be stored.
pub(crate) fn store_secrets(task: &mut Task, secrets: &NamedSecrets) {
    rewrite(task, secrets, NamedSecrets::store);
}

/// The same for one that was stored before, by who may have known fewer secrets.
pub(crate) fn hide_secrets(task: &mut Task, secrets: &NamedSecrets) {
    rewrite(task, secrets, NamedSecrets::hide);
}

fn rewrite(task: &mut Task, secrets: &NamedSecrets, convert: fn(&NamedSecrets, &str) -> String) {
    let env = &mut task.policy.env;
    // What the task itself gives a secret stays in memory: nobody else has it. It is not
    // written down: see RunPlan::with_placeholders.
    let none = NamedSecrets::default();
    for (_, value) in env.iter_mut().filter(|(name, _)| secrets.has(name)) {
        *value = convert(&none, value);
    }
    let known = secrets.within(env);
    for (_, value) in env.iter_mut().filter(|(name, _)| !secrets.has(name)) {
        *value = convert(&known, value);
    }
    for arg in &mut task.args {
        *arg = convert(&known, arg);
    }
    if let Some(directory) = &mut task.policy.working_directory
        && let Some(text) = directory.to_str()
    {
        *directory = convert(&known, text).into();
    }
}

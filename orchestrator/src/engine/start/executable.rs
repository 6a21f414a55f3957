//! Which executable is meant: a plan for other machines says it by its content, and whoever has
//! another one says so in the record. It is executed all the same: only people know whether the
//! difference matters.

use std::collections::BTreeMap;

use crate::engine::engine::Engine;
use crate::model::{CommandName, ContentHash, Plan};
use crate::process::resolve::content_hash::content_hash;

impl Engine {
    /// Notes for every task of a plan what would be executed here.
    pub async fn note_executables(&self, plan: &mut Plan) {
        let mut known: BTreeMap<CommandName, Option<ContentHash>> = BTreeMap::new();
        for planned in &mut plan.tasks {
            let command = &planned.task.command;
            if !known.contains_key(command) {
                known.insert(command.clone(), self.content_of(command).await);
            }
            planned.executable = known.get(command).cloned().flatten();
        }
    }

    /// Those of these commands for which nothing can be executed here. A path that is not absolute is
    /// another one where its task works in another directory: nobody can tell.
    pub async fn lacking(&self, mut commands: Vec<String>) -> Vec<String> {
        let launcher = self.launcher.clone();
        let look = move || {
            let can_tell = |command: &str| !command.contains('/') || command.starts_with('/');
            commands.retain(|command| can_tell(command) && launcher.resolve(command).is_err());
            commands
        };
        // One that panics is a defect of ours, and nobody can tell.
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// That something else is executed here than the plan meant, if it is.
    pub(crate) async fn doubt_about(&self, command: &CommandName, meant: &ContentHash) -> Option<String> {
        let here = self.content_of(command).await?;
        (here != *meant).then(|| {
            format!(
                "the executable on this machine is another one than the plan was made with: its content is \
                 {}, and {} was meant",
                here.short(),
                meant.short()
            )
        })
    }

    /// `None` where nobody can tell: nothing is found, the application's own program stands for
    /// the command, or it is too large to look into.
    async fn content_of(&self, command: &CommandName) -> Option<ContentHash> {
        let (launcher, command) = (self.launcher.clone(), command.to_string());
        // A path is another one where the task works in another directory.
        let is_path = command.contains('/');
        let look = move || {
            let found = launcher.resolve(&command).ok()?;
            let is_itself = found.leading_args.is_empty() && (found.program.is_absolute() || !is_path);
            is_itself.then(|| content_hash(&found.program).ok()).flatten()
        };
        // One that panics is a defect of ours, and nobody can tell.
        tokio::task::spawn_blocking(look).await.ok().flatten()
    }
}

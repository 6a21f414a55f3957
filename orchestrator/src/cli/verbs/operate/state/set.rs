//! `state set` and `state clear`: what somebody knows better than the collector did.

use std::io::{self, IsTerminal, Read};

use clap::Args;

use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::schedule::schedule_if_usable;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::{shelf, with_store};
use crate::cli::verbs::operate::state::change::change_state;
use crate::cli::verbs::operate::state::task::task_meant;
use crate::model::{Clock, Schedule, SystemClock};
use crate::records::{GivenState, LONGEST_LINE};
use crate::store::KnownTask;
use crate::text::{NamedSecrets, make_safe};

#[derive(Debug, Args)]
pub(crate) struct StateSetArgs {
    /// The task: GROUP/NAME, a name, or a command that one task has
    #[arg(value_name = "GROUP/COLLECTOR")]
    pub(crate) task: String,
    /// What it is to keep, as JSON [default: what standard input has]
    #[arg(value_name = "JSON")]
    pub(crate) json: Option<String>,
}

/// Gives a task its state.
pub(crate) fn set(settings: &CliSettings, args: &StateSetArgs) -> Result<VerbExit, Failure> {
    let json = match &args.json {
        Some(json) => json.clone().into_bytes(),
        None => read_standard_input()?,
    };
    let refused = |why: String| {
        Failure::usage(why)
            .hint("a state is JSON, as a collector leaves it; orchestrate state clear takes it away")
    };
    // What is no JSON is said before anything is opened.
    let given = GivenState::parse(&json).map_err(refused)?;
    let schedule = schedule_if_usable(settings);
    let (task, bytes) = with_store(settings, async |store| {
        let task = task_meant(store, schedule.as_ref(), &args.task).await?;
        let secrets = secrets_of(settings, schedule.as_ref(), &task);
        let state = given.judge(secrets.masker()).map_err(refused)?;
        change_state(store, &task, async || {
            let shelf = shelf(store);
            let key = (task.group.as_str(), task.name.as_str());
            let set = shelf.set_state(key, &task.command, &state.text, SystemClock.now());
            set.await.map_err(Failure::infrastructure)
        })
        .await?;
        for warning in &state.warnings {
            print_words!("warning: {}", make_safe(warning));
        }
        Ok((task, state.text.len()))
    })?;
    print_text(&format!(
        "{}/{} keeps {bytes} bytes for its next run\n",
        make_safe(&task.group),
        make_safe(&task.name)
    ))?;
    Ok(VerbExit::Success)
}

/// Takes the state of a task away.
pub(crate) fn clear(settings: &CliSettings, word: &str) -> Result<VerbExit, Failure> {
    let schedule = schedule_if_usable(settings);
    let (task, cleared) = with_store(settings, async |store| {
        let task = task_meant(store, schedule.as_ref(), word).await?;
        let cleared = change_state(store, &task, async || {
            let shelf = shelf(store);
            let clear = shelf.clear_state(&task.group, &task.name, SystemClock.now());
            clear.await.map_err(Failure::infrastructure)
        })
        .await?;
        Ok((task, cleared))
    })?;
    let what = if cleared {
        "begins without a state next time"
    } else {
        "has no state"
    };
    print_text(&format!(
        "{}/{} {what}\n",
        make_safe(&task.group),
        make_safe(&task.name)
    ))?;
    Ok(VerbExit::Success)
}

/// Those that a delivery of the task would be masked by.
fn secrets_of(settings: &CliSettings, schedule: Option<&Schedule>, known: &KnownTask) -> NamedSecrets {
    let is_meant =
        |task: &&crate::model::Task| task.group.as_str() == known.group && task.name.as_str() == known.name;
    let secrets = settings.secrets();
    match schedule.and_then(|schedule| schedule.tasks().find(is_meant)) {
        Some(task) => secrets.within(&task.policy.env),
        None => secrets,
    }
}

/// All of it, to its end; not more than a line of an events file may have.
fn read_standard_input() -> Result<Vec<u8>, Failure> {
    let input = io::stdin();
    if input.is_terminal() {
        print_words!("The state as JSON, then Ctrl-D:");
    }
    let limit = LONGEST_LINE as u64;
    let mut bytes = Vec::new();
    input
        .lock()
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Failure::infrastructure(anyhow::Error::new(error).context("cannot read standard input"))
        })?;
    if bytes.len() as u64 > limit {
        return Err(Failure::usage(format!(
            "what standard input has is larger than {limit} bytes, and no state is"
        )));
    }
    Ok(bytes)
}

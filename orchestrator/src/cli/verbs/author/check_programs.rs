//! What `check` says of the programs that a schedule and the settings name: missing, there
//! but unable to start, or one of two of the same name.

use std::collections::BTreeSet;

use crate::cli::shell::collectors::launcher;
use crate::cli::shell::settings::CliSettings;
use crate::model::{Address, NoticeChannel, Schedule};
use crate::process::{Launcher, NotFound, Resolved};

/// Something that is wrong with a program.
#[derive(Debug)]
pub(crate) struct ProgramFault {
    pub(crate) severity: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl ProgramFault {
    fn of(severity: &'static str, found: NotFound) -> Self {
        let code = match found.is_there {
            true => "E306-collector-cannot-start",
            false => "E301-collector-not-found",
        };
        Self {
            severity,
            code,
            message: found.message,
            hint: found.hint,
        }
    }
}

/// Of the collectors of a schedule, each once.
pub(crate) fn check_collectors(settings: &CliSettings, schedule: &Schedule) -> Vec<ProgramFault> {
    let launcher = launcher(settings);
    let mut seen = BTreeSet::new();
    schedule
        .tasks()
        .filter(|task| seen.insert((task.command.clone(), task.enabled)))
        .flat_map(|task| {
            // A disabled task may wait for its collector.
            let severity = if task.enabled { "error" } else { "warning" };
            let command = task.command.as_str();
            match launcher.resolve(command) {
                Err(fault) => vec![ProgramFault::of(severity, fault)],
                Ok(found) => {
                    let doubt = found
                        .doubt(command)
                        .map(|doubt| ProgramFault::of(severity, doubt));
                    doubt
                        .into_iter()
                        .chain(namesakes(&launcher, command, &found))
                        .collect()
                }
            }
        })
        .collect()
}

/// Of the commands of `notify:`: nobody would be told by those that are not there.
pub(crate) fn check_messengers(settings: &CliSettings) -> Vec<ProgramFault> {
    let launcher = launcher(settings);
    let fault = |channel: &NoticeChannel| {
        let Address::Command(line) = &channel.address else {
            return None;
        };
        let fault = launcher.resolve(line.first()?).err()?;
        Some(ProgramFault::of(
            "error",
            NotFound {
                message: format!("the channel {}: {}", channel.name, fault.message),
                ..fault
            },
        ))
    };
    settings.file.notify.iter().filter_map(fault).collect()
}

/// The wrong one of two may run for months.
fn namesakes(launcher: &Launcher, command: &str, found: &Resolved) -> Option<ProgramFault> {
    let others = launcher.collectors.passed_over(command, found);
    let names: Vec<_> = others.iter().map(|path| path.display().to_string()).collect();
    (!names.is_empty()).then(|| ProgramFault {
        severity: "warning",
        code: "W307-programs-of-one-name",
        message: format!(
            "{command} means `{}`; {} has the name too",
            found.display(),
            names.join(", ")
        ),
        hint: Some("rename or remove what is not meant, or write the path".to_owned()),
    })
}

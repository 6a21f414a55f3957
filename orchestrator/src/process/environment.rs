//! The environment of a collector: what it inherits, what its task adds, and what
//! we tell it about its place in the run. Pure; the engine brings the inherited
//! variables. It must never hand on a secret of ours.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{CommandName, GroupName, RunId, TaskName};

/// Never inherited: ours, and perhaps secret; or between us and the service manager.
const OURS: [&str; 4] = ["ORCHESTRATE", "ORCHESTRATE_*", "NOTIFY_SOCKET", "WATCHDOG_*"];

/// Always inherited: what nearly every program needs to behave.
const BASIC: [&str; 11] = [
    "PATH", "HOME", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "USER", "LOGNAME", "SHELL", "TERM",
];

/// What every collector of a run inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    inherited: BTreeMap<OsString, OsString>,
}

/// Where in the schedule and in the run an attempt stands, for the collector to read.
#[derive(Debug, Clone)]
pub struct Place {
    /// `ORCHESTRATE_RUN_ID`.
    pub run_id: RunId,
    /// `ORCHESTRATE_GROUP`.
    pub group: GroupName,
    /// `ORCHESTRATE_TASK`: the task's name in its group.
    pub task: TaskName,
    /// `ORCHESTRATE_COMMAND`.
    pub command: CommandName,
    /// `ORCHESTRATE_SCHEDULE`: `daily`, `weekly`, ..
    pub schedule: String,
    /// `ORCHESTRATE_ATTEMPT`: 1 for the first.
    pub attempt: u32,
    /// `ORCHESTRATE_SLOT` (RFC 3339): the time for which it runs.
    pub slot: Option<Timestamp>,
    /// `ORCHESTRATE_DEADLINE` (RFC 3339): when SIGTERM comes; from this point in
    /// time and the timeout.
    pub deadline: Option<(Timestamp, Duration)>,
    /// `ORCHESTRATE_WORKSPACE`: a directory that it keeps.
    pub workspace: Option<PathBuf>,
    /// `ORCHESTRATE_EVENTS`: a file to append JSON lines to.
    pub events: Option<PathBuf>,
    /// `ORCHESTRATE_STATE`: what it left for itself the last time, as JSON.
    pub state: Option<String>,
    /// `ORCHESTRATE`: this program, with which records are read back.
    pub program: Option<PathBuf>,
    /// `ORCHESTRATE_CONFIG`: the settings with which that finds this run's database.
    pub settings: Option<PathBuf>,
    /// `ORCHESTRATE_RELEASES`: new release tags, separated by spaces (a tag has none).
    pub releases: Vec<String>,
}

impl Environment {
    /// From the variables of this process (`std::env::vars_os`).
    ///
    /// `strip` and `allow` are names, or beginnings of names that end with `*`.
    /// With `allow`, nothing else is inherited but the basic ones (PATH, HOME,
    /// LANG, ..). What is in `strip` is never inherited.
    pub fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        strip: &[String],
        allow: Option<&[String]>,
    ) -> Self {
        let inherited = variables
            .into_iter()
            .filter(|(name, _)| {
                let allowed = allow.is_none_or(|allow| matches(name, &BASIC) || matches(name, allow));
                allowed && !matches(name, &OURS) && !matches(name, strip)
            })
            .collect();
        Self { inherited }
    }

    /// The complete environment of one attempt. What the task says wins over what
    /// is inherited; what we say wins over both.
    pub fn for_attempt(&self, task: &BTreeMap<String, OsString>, place: &Place) -> Vec<(OsString, OsString)> {
        let mut all = self.inherited.clone();
        // Output that waits in a buffer is neither on the console nor in the log.
        all.entry("PYTHONUNBUFFERED".into()).or_insert_with(|| "1".into());
        all.extend(task.iter().map(|(name, value)| (name.into(), value.clone())));
        all.retain(|name, _| !matches(name, &["ORCHESTRATE", "ORCHESTRATE_*"]));
        all.extend(place.variables());
        all.into_iter().collect()
    }

    /// What is inherited, for a program that is no task.
    pub fn variables(&self) -> Vec<(OsString, OsString)> {
        let pairs = self.inherited.iter();
        pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The value that collectors inherit; for [`Collectors::resolve`] and its PATH.
    ///
    /// [`Collectors::resolve`]: super::Collectors::resolve
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.inherited.get(OsStr::new(name)).map(OsString::as_os_str)
    }
}

impl Place {
    fn variables(&self) -> impl Iterator<Item = (OsString, OsString)> + use<'_> {
        let deadline = self
            .deadline
            .and_then(|(start, timeout)| start.checked_add(timeout).ok());
        let releases = (!self.releases.is_empty()).then(|| self.releases.join(" "));
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.as_os_str().to_owned());
        let variables: [(&str, Option<OsString>); 14] = [
            ("", path(&self.program)),
            ("_CONFIG", path(&self.settings)),
            ("_RUN_ID", Some(self.run_id.as_str().into())),
            ("_GROUP", Some(self.group.as_str().into())),
            ("_TASK", Some(self.task.as_str().into())),
            ("_COMMAND", Some(self.command.as_str().into())),
            ("_SCHEDULE", Some(self.schedule.as_str().into())),
            ("_ATTEMPT", Some(self.attempt.to_string().into())),
            ("_SLOT", self.slot.map(|slot| slot.to_string().into())),
            ("_DEADLINE", deadline.map(|at| at.to_string().into())),
            ("_WORKSPACE", path(&self.workspace)),
            ("_EVENTS", path(&self.events)),
            ("_STATE", self.state.as_ref().map(OsString::from)),
            ("_RELEASES", releases.map(OsString::from)),
        ];
        variables
            .into_iter()
            .filter_map(|(name, value)| Some((format!("ORCHESTRATE{name}").into(), value?)))
    }
}

fn matches(name: &OsStr, patterns: &[impl AsRef<str>]) -> bool {
    patterns.iter().any(|pattern| {
        let pattern = pattern.as_ref();
        match pattern.strip_suffix('*') {
            Some(beginning) => name.as_bytes().starts_with(beginning.as_bytes()),
            None => name == pattern,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    fn place() -> Place {
        Place {
            run_id: RunId::new("r1"),
            group: GroupName::new("github"),
            task: TaskName::new("run_x"),
            command: CommandName::new("run_x"),
            schedule: "daily".to_owned(),
            attempt: 2,
            slot: Some("2026-11-25T04:10:00Z".parse().unwrap()),
            deadline: Some(("2026-11-25T04:10:05Z".parse().unwrap(), Duration::from_secs(60))),
            workspace: Some("/w".into()),
            events: None,
            state: None,
            program: Some("/bin/orchestrate".into()),
            settings: None,
            releases: vec!["boost-1.90.0".to_owned(), "boost-1.90.1".to_owned()],
        }
    }

    #[test]
    fn ours_and_stripped_names_are_not_inherited() {
        let inherited = variables(&[
            ("ORCHESTRATE_DATABASE_URL", "postgres://secret"),
            ("ORCHESTRATE_TOKEN", "secret"),
            ("AWS_SECRET", "secret"),
            ("GITHUB_TOKEN", "needed"),
        ]);
        let environment = Environment::new(inherited, &["AWS_*".to_owned()], None);
        assert_eq!(environment.get("GITHUB_TOKEN"), Some(OsStr::new("needed")));
        assert_eq!(environment.inherited.len(), 1);
    }

    #[test]
    fn allow_narrows_to_the_basic_ones_and_its_own() {
        let inherited = variables(&[
            ("PATH", "/bin"),
            ("LC_ALL", "C"),
            ("A", "1"),
            ("B_1", "2"),
            ("C", "3"),
        ]);
        let environment = Environment::new(inherited, &[], Some(&["B_*".to_owned()]));
        let names: Vec<_> = environment.inherited.keys().collect();
        assert_eq!(names, ["B_1", "LC_ALL", "PATH"]);
    }

    #[test]
    fn we_win_over_the_task_and_the_task_over_what_is_inherited() {
        let environment = Environment::new(
            variables(&[("A", "inherited"), ("PYTHONUNBUFFERED", "")]),
            &[],
            None,
        );
        let task = [
            ("A", "task"),
            ("DATABASE_URL", "its own"),
            ("ORCHESTRATE_RUN_ID", "forged"),
            ("ORCHESTRATE_STATE", "forged"),
        ]
        .map(|(name, value)| (name.to_owned(), value.into()));
        let all: BTreeMap<_, _> = environment
            .for_attempt(&task.into(), &place())
            .into_iter()
            .collect();
        let get = |name: &str| all.get(OsStr::new(name)).and_then(|value| value.to_str());
        assert_eq!(get("A"), Some("task"));
        assert_eq!(get("DATABASE_URL"), Some("its own"));
        assert_eq!(get("PYTHONUNBUFFERED"), Some(""));
        assert_eq!(get("ORCHESTRATE_RUN_ID"), Some("r1"));
        assert_eq!(get("ORCHESTRATE_ATTEMPT"), Some("2"));
        assert_eq!(get("ORCHESTRATE"), Some("/bin/orchestrate"));
        assert_eq!(get("ORCHESTRATE_SLOT"), Some("2026-11-25T04:10:00Z"));
        assert_eq!(get("ORCHESTRATE_DEADLINE"), Some("2026-11-25T04:11:05Z"));
        assert_eq!(get("ORCHESTRATE_RELEASES"), Some("boost-1.90.0 boost-1.90.1"));
        assert_eq!(get("ORCHESTRATE_STATE"), None);
        assert_eq!(get("ORCHESTRATE_EVENTS"), None);
    }
}

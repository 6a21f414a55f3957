//! What there is to name in a project: from the schedule, where it can be used, and from the
//! database, where it is there and answers in time. Whatever fails, there is nothing to offer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use clap_complete::engine::CompletionCandidate;

use crate::cli::completion::named::Named;
use crate::cli::reference::entries;
use crate::cli::reference::entry::Topic;
use crate::cli::shell::database::address::address;
use crate::cli::shell::database::look::{Found, find};
use crate::cli::shell::failure::Failure;
use crate::cli::shell::schedule::schedule_if_usable;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{runtime, shelf};
use crate::model::{CadenceKind, WORKFLOW_GROUP};
use crate::queries::find_task::scheduled_tasks;
use crate::store::{HistoryFilter, KnownTask, Store};
use crate::text::make_safe;

/// Who presses a key does not wait longer for a database.
const PATIENCE: Duration = Duration::from_secs(1);

/// The newest so many runs: more are no help.
const RUNS: u32 = 20;

/// Where to look; `None` where the settings cannot be used.
#[derive(Debug, Clone)]
pub(crate) struct Project(pub(crate) Option<Arc<CliSettings>>);

impl Project {
    /// Everything of this kind, the likeliest first.
    pub(crate) fn candidates(&self, named: Named) -> Vec<CompletionCandidate> {
        let found = match named {
            Named::Kind => kinds(),
            Named::Topic => topics(),
            Named::Key => keys(),
            Named::Group => self.groups(),
            Named::Task => self.tasks(|task| task.name),
            Named::Qualified => self.tasks(|task| format!("{}/{}", task.group, task.name)),
            Named::Run => self.runs(),
            Named::RunOrTask => {
                let mut found = self.tasks(|task| task.name);
                found.extend(self.runs());
                found
            }
            Named::Collection => self.collections(),
        };
        // What a terminal might obey is not offered to be typed.
        let typed = found.into_iter().filter(|(value, _)| make_safe(value) == *value);
        typed
            .enumerate()
            .map(|(place, (value, help))| {
                let help = (!help.is_empty()).then(|| make_safe(&help).into_owned().into());
                CompletionCandidate::new(value)
                    .help(help)
                    .display_order(Some(place))
            })
            .collect()
    }

    fn groups(&self) -> Vec<(String, String)> {
        let Some(schedule) = self.0.as_deref().and_then(schedule_if_usable) else {
            return Vec::new();
        };
        let mut groups: Vec<(String, String)> = schedule
            .groups
            .iter()
            .map(|group| (group.name.to_string(), String::new()))
            .collect();
        if schedule.workflow.is_some() {
            groups.push((WORKFLOW_GROUP.to_owned(), "the fixed list".to_owned()));
        }
        groups
    }

    /// Those of the schedule, then those of which only a record is left.
    fn tasks(&self, called: impl Fn(KnownTask) -> String) -> Vec<(String, String)> {
        let schedule = self.0.as_deref().and_then(schedule_if_usable);
        let mut tasks: Vec<KnownTask> = schedule.iter().flat_map(scheduled_tasks).collect();
        tasks.extend(self.ask(async |store| store.known_tasks().await.map_err(Failure::infrastructure)));
        let mut seen = BTreeSet::new();
        tasks
            .into_iter()
            .map(|task| (task.group.clone(), called(task)))
            .filter(|(_, name)| seen.insert(name.clone()))
            .map(|(group, name)| (name, group))
            .collect()
    }

    fn runs(&self) -> Vec<(String, String)> {
        let newest = HistoryFilter {
            last: RUNS,
            ..HistoryFilter::default()
        };
        let runs = self.ask(async move |store| store.history(&newest).await.map_err(Failure::infrastructure));
        let last = (!runs.is_empty()).then(|| ("last".to_owned(), "the newest".to_owned()));
        let all = runs.into_iter().map(|run| {
            let began = run.started_at.strftime("%Y-%m-%d %H:%M UTC");
            (run.run.to_string(), format!("{}, {began}", run.schedule))
        });
        last.into_iter().chain(all).collect()
    }

    fn collections(&self) -> Vec<(String, String)> {
        let collections =
            self.ask(async |store| shelf(store).collections().await.map_err(Failure::infrastructure));
        collections
            .into_iter()
            .map(|collection| (collection.collection, collection.group))
            .collect()
    }

    /// What a database that is there answers in time.
    fn ask<T: Send + 'static>(
        &self,
        question: impl AsyncFn(&Store) -> Result<Vec<T>, Failure> + Send + 'static,
    ) -> Vec<T> {
        let Some(settings) = self.0.clone() else {
            return Vec::new();
        };
        let (sender, receiver) = sync_channel(1);
        let asks = std::thread::Builder::new().spawn(move || {
            // Who waited in vain is gone.
            let _ = sender.send(answer(&settings, &question).unwrap_or_default());
        });
        match asks {
            Ok(_) => receiver.recv_timeout(PATIENCE).unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }
}

fn answer<T>(
    settings: &CliSettings,
    question: &impl AsyncFn(&Store) -> Result<Vec<T>, Failure>,
) -> Result<Vec<T>, Failure> {
    runtime()?.block_on(async {
        let Found::Usable(store) = find(settings, &address(settings).await?).await? else {
            return Ok(Vec::new());
        };
        let found = question(&store).await;
        store.close().await;
        found
    })
}

fn kinds() -> Vec<(String, String)> {
    let kinds = CadenceKind::WORDS.iter().map(|word| (*word, ""));
    let all = kinds.chain([("default", "the batch of each group")]);
    all.map(|(word, help)| (word.to_owned(), help.to_owned()))
        .collect()
}

fn topics() -> Vec<(String, String)> {
    let topics = Topic::ALL.map(|topic| (topic.to_string(), topic.title().to_owned()));
    topics.into_iter().chain(keys()).collect()
}

fn keys() -> Vec<(String, String)> {
    let all = Topic::ALL.into_iter().flat_map(entries);
    let mut seen = BTreeSet::new();
    all.filter(|entry| seen.insert(entry.name.clone()))
        .map(|entry| (entry.name, entry.meaning))
        .collect()
}

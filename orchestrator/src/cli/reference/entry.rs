//! One entry of the reference.

use serde::Serialize;

use crate::model::words::words;

words! {
    /// What there is a reference of.
    pub enum Topic {
        Schedule = "schedule",
        Settings = "settings",
        Events = "events",
        Environment = "environment",
        ExitCodes = "exit-codes",
    }
}

impl Topic {
    /// What its entries are, for a heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Schedule => "The keys of the schedule file",
            Self::Settings => "The keys of the settings file",
            Self::Events => "The lines of an events file",
            Self::Environment => "The variables of the environment",
            Self::ExitCodes => "The exit codes",
        }
    }

    /// What a reader has to know before the first entry.
    pub(crate) fn introduction(self) -> &'static str {
        match self {
            Self::Schedule => {
                "The schedule is a YAML file, config/boost_collector_schedule.yaml where nothing names another. \
                 A `*` stands for a name of your own. Keys that begin with `x-` are yours and mean nothing here."
            }
            Self::Settings => {
                "The settings are a YAML file, config/orchestrator.yaml where nothing names another; it may be \
                 missing. A flag wins over the environment, that over this file, and this over the default."
            }
            Self::Events => {
                "A collector appends lines of JSON to the file that ORCHESTRATE_EVENTS names. `type` says \
                 what a line is."
            }
            Self::Environment => {
                "Variables that orchestrate reads, and those that it gives to collectors. Besides these a \
                 collector inherits what orchestrate has, but for what the settings strip."
            }
            Self::ExitCodes => {
                "What orchestrate exits with, and what it understands of the exit code of a collector \
                 (sysexits.h)."
            }
        }
    }
}

/// A key, a kind of line, a variable or a code.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ReferenceEntry {
    pub(crate) topic: Topic,
    #[serde(rename = "key")]
    pub(crate) name: String,
    /// What it may stand in, dotted from the top; `*` for a name that the user chooses. Of a variable
    /// or a code: whose it is.
    pub(crate) places: Vec<String>,
    /// What a value is.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) meaning: String,
    pub(crate) required: bool,
    /// What holds where it is not there; `None` where nothing does.
    pub(crate) default: Option<String>,
    pub(crate) range: Option<String>,
    /// A whole line as it may be written.
    pub(crate) example: Option<String>,
}

impl ReferenceEntry {
    /// What it is called at each of its places: `limits.memory`.
    pub(crate) fn paths(&self) -> impl Iterator<Item = String> {
        self.places.iter().map(|place| match place.as_str() {
            "" => self.name.clone(),
            place => format!("{place}.{}", self.name),
        })
    }

    /// Its places for people.
    pub(crate) fn shown_places(&self) -> String {
        let places = self.places.iter().map(|place| match place.as_str() {
            "" => "top level",
            place => place,
        });
        places.collect::<Vec<_>>().join(", ")
    }

    /// What is said of a key of a file that may be left out and then means nothing.
    pub(crate) fn no_default(&self) -> Option<String> {
        let of_file = matches!(self.topic, Topic::Schedule | Topic::Settings);
        (of_file && !self.required).then(|| "nothing".to_owned())
    }
}

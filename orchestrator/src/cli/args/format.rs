//! The forms that most verbs give their data.

use clap::ValueEnum;

/// The form of a verb's data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    #[default]
    #[value(alias = "text")]
    Table,
    Json,
    Csv,
}

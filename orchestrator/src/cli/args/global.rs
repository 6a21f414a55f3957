//! What can be said with every verb.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of every verb. Where one is not given: environment, then settings
/// file, then default (`cli::shell::settings`).
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Settings file [env: ORCHESTRATE_CONFIG] [default: config/orchestrator.yaml, optional]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Schedule file [env: BOOST_COLLECTOR_SCHEDULE_YAML] [default: config/boost_collector_schedule.yaml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) schedule_file: Option<PathBuf>,
    /// Where collectors are looked for; may be repeated [env: ORCHESTRATE_COLLECTORS_DIR] [default: collectors]
    #[arg(long = "collectors-dir", global = true, value_name = "DIR")]
    pub(crate) collectors_dirs: Vec<PathBuf>,
    /// Our database [env: ORCHESTRATE_DATABASE_URL, and DATABASE_URL where no `fallback:` is set]
    /// [default: a SQLite file in the state directory]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// Where runs, logs and the embedded database are kept [env: ORCHESTRATE_STATE_DIR] [default: .orchestrate]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// What is worth saying: error, warn, info, debug, trace, or a tracing filter
    /// [env: ORCHESTRATE_LOG_LEVEL] [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    /// Form of our own diagnostics on standard error
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
    #[command(flatten)]
    pub(crate) color: Color,
    /// Only warnings, failures and the summary
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// More of our own diagnostics
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// When to use colour.
#[derive(Debug, Args)]
pub(crate) struct Color {
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorWhen,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes it the choice of every stream that `anstream` writes.
    pub(crate) fn write_global(&self) {
        match self.color {
            ColorWhen::Auto => anstream::ColorChoice::Auto,
            ColorWhen::Always => anstream::ColorChoice::Always,
            ColorWhen::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// The form of our own diagnostics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

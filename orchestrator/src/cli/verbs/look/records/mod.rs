//! `records`: what collectors brought, read back.

pub(crate) mod changes;
pub(crate) mod collection;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod note_read;
pub(crate) mod prune;
pub(crate) mod rows;
pub(crate) mod show;

use clap::Subcommand;

use crate::cli::args::format::Format;
use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::settings::CliSettings;
use crate::cli::verbs::look::records::changes::RecordsChangesArgs;
use crate::cli::verbs::look::records::export::RecordsExportArgs;
use crate::cli::verbs::look::records::note_read::note_read;
use crate::cli::verbs::look::records::prune::RecordsPruneArgs;
use crate::cli::verbs::look::records::show::RecordsShowArgs;

/// Read what collectors brought
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  orchestrate records list
  orchestrate records export boost_library --format csv")]
pub(crate) enum RecordsVerb {
    /// List the collections, with what was brought last
    #[command(after_help = "\
Examples:
  orchestrate records list
  orchestrate records list --format json")]
    List {
        /// Form of the list
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one record, or the newest of a collection
    #[command(after_help = "\
Examples:
  orchestrate records show boost_library asio
  orchestrate records show boost_library --format json")]
    Show(RecordsShowArgs),
    /// Print the records of a collection, sorted by key
    #[command(after_help = "\
Examples:
  orchestrate records export boost_library
  orchestrate records export boost_usage --format csv --since 7d")]
    Export(RecordsExportArgs),
    /// Show what deliveries made of records: new, changed (before and after), gone
    #[command(after_help = "\
Examples:
  orchestrate records changes
  orchestrate records changes run_boost_library_tracker --since 7d --format json")]
    Changes(RecordsChangesArgs),
    /// Forget records that no collector has delivered for some time
    #[command(after_help = "\
Examples:
  orchestrate records prune boost_usage --unseen-for 180d --dry-run
  orchestrate records prune boost_usage --unseen-for 2026-01-01")]
    Prune(RecordsPruneArgs),
}

/// Does what the word after `records` says.
pub(crate) fn records(global: &Global, verb: &RecordsVerb) -> Result<VerbExit, Failure> {
    let settings = CliSettings::resolve(global)?;
    match verb {
        RecordsVerb::List { format } => list::list(&settings, *format),
        RecordsVerb::Show(args) => {
            note_read(global, &args.collection);
            show::show(&settings, args)
        }
        RecordsVerb::Export(args) => {
            note_read(global, &args.collection);
            export::export(&settings, args)
        }
        RecordsVerb::Changes(args) => changes::changes(&settings, args),
        RecordsVerb::Prune(args) => prune::prune(&settings, args),
    }
}

//! `records prune`: forgets what no collector has delivered for some time.

use clap::Args;

use crate::cli::args::moment::MomentArg;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::{shelf, with_store};
use crate::cli::verbs::look::records::collection::require;
use crate::cli::verbs::look::records::collection::time;
use crate::model::{Clock, SystemClock};
use crate::text::{counted, make_safe};

#[derive(Debug, Args)]
pub(crate) struct RecordsPruneArgs {
    /// Its name, as in `records list`
    pub(crate) collection: String,
    /// Records that were not delivered since then: 180d, 2026-01-01
    #[arg(long, value_name = "WHEN")]
    pub(crate) unseen_for: MomentArg,
    /// Only say how many would go
    #[arg(long)]
    pub(crate) dry_run: bool,
}

pub(crate) fn prune(settings: &CliSettings, args: &RecordsPruneArgs) -> Result<VerbExit, Failure> {
    let since = args.unseen_for.resolve(SystemClock.now());
    let count = with_store(settings, async |store| {
        let shelf = shelf(store);
        require(&shelf, &args.collection).await?;
        shelf
            .prune(&args.collection, since, args.dry_run)
            .await
            .map_err(Failure::infrastructure)
    })?;
    let would = if args.dry_run { "would be " } else { "" };
    print_text(&format!(
        "{} of {} {would}forgotten: not delivered since {}\n",
        counted(count, "record"),
        make_safe(&args.collection),
        time(since)
    ))?;
    Ok(VerbExit::Success)
}

//! `release list`: what was ever found, and who has dealt with it.

use clap::Args;

use crate::cli::args::format::Format;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::table::TextTable;
use crate::cli::times::Times;
use crate::store::KnownRelease;
use crate::text::make_safe;

#[derive(Debug, Args)]
pub(crate) struct ReleaseListArgs {
    /// Only the newest so many
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) last: Option<u32>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

pub(crate) fn list(settings: &CliSettings, args: &ReleaseListArgs) -> Result<VerbExit, Failure> {
    let mut known = with_look(settings, async |look| {
        look.store.known_releases().await.map_err(Failure::infrastructure)
    })?;
    if let Some(last) = args.last.and_then(|last| usize::try_from(last).ok()) {
        known.drain(..known.len().saturating_sub(last));
    }
    match args.format {
        Format::Json => print_json(&known)?,
        Format::Text if known.is_empty() => print_text("No release was ever found.\n")?,
        Format::Text => print_text(&table(&known))?,
    }
    Ok(VerbExit::Success)
}

fn table(known: &[KnownRelease]) -> String {
    let times = Times::of_output();
    let mut table = TextTable::new(["Release", "First seen", "Dealt with by"]);
    for release in known {
        let by: Vec<String> = release
            .handled
            .iter()
            .map(|by| {
                let how = by.run.as_ref().map_or("by hand".to_owned(), ToString::to_string);
                format!("{}/{} ({how})", make_safe(&by.group), make_safe(&by.name))
            })
            .collect();
        table.row([
            make_safe(&release.tag).into_owned(),
            times.second(release.first_seen_at),
            if by.is_empty() {
                "nobody".to_owned()
            } else {
                by.join(", ")
            },
        ]);
    }
    table.text()
}

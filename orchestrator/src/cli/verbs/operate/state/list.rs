//! `state list`: who keeps something, how much, and as of when.

use crate::cli::args::format::Format;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::store::shelf;
use crate::cli::shell::table::TextTable;
use crate::cli::verbs::look::records::collection::time;
use crate::records::KeptState;
use crate::text::make_safe;

pub(crate) fn list(settings: &CliSettings, format: Format) -> Result<VerbExit, Failure> {
    let kept = with_look(settings, async |look| {
        let kept = shelf(&look.store).kept_states().await;
        kept.map_err(Failure::infrastructure)
    })?;
    match format {
        Format::Json => print_json(&kept)?,
        Format::Text if kept.is_empty() => print_text("No collector keeps a state.\n")?,
        Format::Text => print_text(&table(&kept))?,
    }
    Ok(VerbExit::Success)
}

fn table(kept: &[KeptState]) -> String {
    let mut table = TextTable::new(["Task", "Bytes", "As of"]);
    for state in kept {
        let task = format!("{}/{}", state.group, state.name);
        table.row([
            make_safe(&task).into_owned(),
            state.bytes.to_string(),
            time(state.at),
        ]);
    }
    table.text()
}

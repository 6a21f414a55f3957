//! `state show`: what a task keeps, as its next run will be given it.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cli::args::format::Format;
use crate::cli::shell::database::look::with_look;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{print_json, print_text};
use crate::cli::shell::schedule::schedule_if_usable;
use crate::cli::shell::settings::CliSettings;
use crate::cli::shell::stderr::print_words;
use crate::cli::shell::store::shelf;
use crate::cli::verbs::operate::state::task::task_meant;
use crate::text::make_safe;

#[derive(Debug, Args)]
pub(crate) struct StateShowArgs {
    /// The task: GROUP/NAME, a name, or a command that one task has
    #[arg(value_name = "GROUP/COLLECTOR")]
    pub(crate) task: String,
    /// Form of the answer; `json` says whose it is and since when
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// The answer; without a state its last three are zero and null.
#[derive(Serialize)]
struct ShownState {
    group: String,
    name: String,
    command: String,
    bytes: u64,
    at: Option<Timestamp>,
    data: Option<Box<RawValue>>,
}

pub(crate) fn show(settings: &CliSettings, args: &StateShowArgs) -> Result<VerbExit, Failure> {
    let schedule = schedule_if_usable(settings);
    let (shown, exists) = with_look(settings, async |look| {
        let task = task_meant(&look.store, schedule.as_ref(), &args.task).await?;
        let kept = shelf(&look.store).kept_state(&task.group, &task.name).await;
        let (kept, data) = kept.map_err(Failure::infrastructure)?.unzip();
        let shown = ShownState {
            bytes: kept.as_ref().map_or(0, |kept| kept.bytes),
            at: kept.map(|kept| kept.at),
            group: task.group,
            name: task.name,
            command: task.command,
            data,
        };
        Ok((shown, look.exists))
    })?;
    match (args.format, &shown.data) {
        (Format::Json, _) => print_json(&shown)?,
        (Format::Text, Some(data)) => print_text(&text(data))?,
        // Who has no database was told so.
        (Format::Text, None) if !exists => {}
        (Format::Text, None) => {
            let task = format!("{}/{}", shown.group, shown.name);
            print_words!("{} keeps nothing for its next run.", make_safe(&task));
        }
    }
    Ok(VerbExit::Success)
}

/// JSON that `state set` takes back, with nothing in it that a terminal would obey: what must
/// not be shown as it is, is spelled as JSON has it.
fn text(data: &RawValue) -> String {
    let value: serde_json::Value = serde_json::from_str(data.get()).unwrap_or_default();
    let pretty = serde_json::to_string_pretty(&value).unwrap_or_default();
    let mut shown = String::with_capacity(pretty.len() + 1);
    for line in pretty.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        match make_safe(content) {
            std::borrow::Cow::Borrowed(safe) => shown.push_str(safe),
            std::borrow::Cow::Owned(_) => shown.push_str(&ascii(content)),
        }
        shown.push('\n');
    }
    shown
}

/// Outside of strings JSON is ASCII, and within them every character has this spelling.
fn ascii(json: &str) -> String {
    let mut spelled = String::with_capacity(json.len() * 2);
    for c in json.chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            spelled.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                spelled.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_the_same_json_and_harmless() {
        let states = [
            "{\"a\":[1,2.5,null],\"b\":{}}".to_owned(),
            "\"\u{e4} \u{1f600} plain\"".to_owned(),
            "{\"k\u{9b}31m\":\"\u{202e}x\u{7f}\u{e4}\u{1f600}\",\"e\":\"\\u001b]0;t\\u0007\"}".to_owned(),
        ];
        for state in states {
            let shown = text(&RawValue::from_string(state.clone()).unwrap());
            let harmless = shown.lines().all(|line| make_safe(line) == line);
            assert!(harmless, "{shown:?}");
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(value(&shown), value(&state));
        }
    }
}

//! `explain`: the reference in the terminal.

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::reference::entry::{ReferenceEntry, Topic};
use crate::cli::reference::find::find;
use crate::cli::reference::{entries, markdown, page};
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::{output_width, print_json, print_text};
use crate::config::Code;
use crate::text::wrap_words;

/// How wide the page is where nobody says how wide it may be.
const WIDTH: usize = 80;

/// Explain a key of a file, an event, a variable, an exit code or a problem
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate explain schedule
  orchestrate explain limits.memory")]
pub(crate) struct ExplainArgs {
    /// schedule, settings, events, environment or exit-codes; a key of any; or a code as E012
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// A key of the topic; `limits.memory` is the one of `limits`
    #[arg(value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Form of the reference; `markdown` is a whole topic
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: ExplainFormat,
}

/// The form of the reference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    #[default]
    Text,
    Json,
    Markdown,
}

/// What is to be shown.
enum Wanted {
    Everything,
    Topic(Topic),
    Entries(Vec<ReferenceEntry>),
    Problem(Code),
}

/// Prints what is known.
pub(crate) fn explain(args: &ExplainArgs) -> Result<VerbExit, Failure> {
    let wanted = wanted(args.topic.as_deref(), args.key.as_deref())?;
    let width = output_width().unwrap_or(WIDTH);
    match (args.format, wanted) {
        (ExplainFormat::Text, Wanted::Everything) => print_text(&page::overview())?,
        (ExplainFormat::Text, Wanted::Topic(topic)) => print_text(&page::topic_page(topic, width))?,
        (ExplainFormat::Text, Wanted::Entries(found)) => print_text(&page::entry_page(&found, width))?,
        (ExplainFormat::Text, Wanted::Problem(code)) => {
            print_text(&format!(
                "{}\n{}",
                code.as_str(),
                wrap_words(code.meaning(), 2, Some(width))
            ))?;
        }
        (ExplainFormat::Json, Wanted::Problem(code)) => {
            print_json(
                &json!({ "code": code.as_str(), "severity": code.severity(), "meaning": code.meaning() }),
            )?;
        }
        (ExplainFormat::Json, Wanted::Everything) => {
            print_json(&Topic::ALL.into_iter().flat_map(entries).collect::<Vec<_>>())?;
        }
        (ExplainFormat::Json, Wanted::Topic(topic)) => print_json(&entries(topic))?,
        (ExplainFormat::Json, Wanted::Entries(found)) => print_json(&found)?,
        (ExplainFormat::Markdown, Wanted::Topic(topic)) => print_text(&markdown::document(topic))?,
        (ExplainFormat::Markdown, _) => {
            return Err(Failure::usage("markdown is of a whole topic").hint(topics()));
        }
    }
    Ok(VerbExit::Success)
}

fn wanted(first: Option<&str>, second: Option<&str>) -> Result<Wanted, Failure> {
    if let (Some(code), None) = (first.and_then(code_called), second) {
        return Ok(Wanted::Problem(code));
    }
    let topic = first.and_then(Topic::parse);
    let (topic, key) = match (first, topic, second) {
        (None, ..) => return Ok(Wanted::Everything),
        (_, Some(topic), None) => return Ok(Wanted::Topic(topic)),
        (_, Some(topic), Some(key)) => (Some(topic), key),
        (Some(key), None, None) => (None, key),
        (Some(word), None, Some(_)) => {
            return Err(Failure::usage(format!("`{word}` is no topic")).hint(topics()));
        }
    };
    find(topic, key).map(Wanted::Entries).map_err(|unknown| {
        let what = match topic {
            Some(topic) => format!("{topic} has no `{key}`"),
            None => format!("nothing is called `{key}`"),
        };
        Failure::usage(what).hint(match unknown.nearest {
            Some(near) => format!("did you mean `{near}`?"),
            None => topics(),
        })
    })
}

/// The code of a problem, as `check` prints it: with or without its name.
fn code_called(word: &str) -> Option<Code> {
    let called = |code: &&Code| {
        let whole = code.as_str();
        let number = whole.split('-').next();
        whole == word || number.is_some_and(|number| number.eq_ignore_ascii_case(word))
    };
    Code::ALL.iter().find(called).copied()
}

fn topics() -> String {
    format!("the topics are {}", Topic::WORDS.join(", "))
}

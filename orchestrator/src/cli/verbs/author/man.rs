//! `man`: a manual page for the program, for each verb and for the two YAML files, made of the
//! types and the tables that do the work.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command};

use crate::cli::reference::entries;
use crate::cli::reference::entry::{ReferenceEntry, Topic};
use crate::cli::reference::exit_codes::OURS;
use crate::cli::reference::page::sections;
use crate::cli::reference::variables::READ;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::shell::output::print_text;
use crate::cli::shell::stderr::print_words;
use crate::text::make_safe;

/// Print the manual pages, or write them into a directory
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate man | man -l -
  orchestrate man --out ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// A file for each page, in this directory, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// A page and the name of its file.
struct Page {
    file: String,
    text: String,
}

/// What lies where, from the project directory.
const FILES: [(&str, &str); 5] = [
    (
        "config/boost_collector_schedule.yaml",
        "The schedule: orchestrate-schedule(5).",
    ),
    (
        "config/orchestrator.yaml",
        "The settings: orchestrate-settings(5). It may be missing.",
    ),
    (
        ".env",
        "Variables, read as python-dotenv reads them. It may be missing.",
    ),
    ("collectors/", "Where collectors are looked for."),
    (
        ".orchestrate/",
        "The state directory: database, runs with their logs and journals, workspaces.",
    ),
];

/// Prints the pages one after another, or writes a file for each.
pub(crate) fn man(args: &ManArgs, command: &Command) -> Result<VerbExit, Failure> {
    let pages = pages(command).map_err(Failure::infrastructure)?;
    let Some(directory) = &args.out else {
        let text: String = pages.into_iter().map(|page| page.text).collect();
        print_text(&text)?;
        return Ok(VerbExit::Success);
    };
    fs::create_dir_all(directory).map_err(|error| cannot_write(directory, error))?;
    for page in &pages {
        let path = directory.join(&page.file);
        fs::write(&path, &page.text).map_err(|error| cannot_write(&path, error))?;
    }
    let directory = directory.display().to_string();
    print_words!("{} pages in {}", pages.len(), make_safe(&directory));
    Ok(VerbExit::Success)
}

fn cannot_write(path: &Path, error: std::io::Error) -> Failure {
    let what = format!("cannot write {}", path.display());
    Failure::infrastructure(anyhow::Error::new(error).context(what)).hint("--out names a directory of yours")
}

fn pages(command: &Command) -> std::io::Result<Vec<Page>> {
    let mut pages = Vec::new();
    of_verb(command, &[], &mut pages)?;
    pages.push(of_file(Topic::Schedule));
    pages.push(of_file(Topic::Settings));
    Ok(pages)
}

/// The page of a verb, then those of the verbs in it. `above` are the words before its own.
fn of_verb(command: &Command, above: &[&str], pages: &mut Vec<Page>) -> std::io::Result<()> {
    let words = [above, &[command.get_name()]].concat();
    let name = words.join("-");
    let titled = command
        .clone()
        .display_name(name.clone())
        .bin_name(words.join(" "))
        .disable_help_subcommand(true);
    let manual = clap_mangen::Man::new(titled.clone());
    let mut page = title(&name, 1).into_bytes();
    manual.render_name_section(&mut page)?;
    page.extend_from_slice(synopsis(&titled).as_bytes());
    manual.render_description_section(&mut page)?;
    manual.render_options_section(&mut page)?;
    let mut text = String::from_utf8_lossy(&page).into_owned();
    // Writing to a String cannot fail.
    if !above.is_empty() {
        let _ = writeln!(
            text,
            ".PP\nThe options that all verbs have are in\n.BR orchestrate (1)."
        );
    }
    let verbs: Vec<&Command> = command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .collect();
    if !verbs.is_empty() {
        text.push_str(".SH VERBS\n");
        for verb in &verbs {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            let verb_page = format!("{name}-{}", verb.get_name());
            let _ = writeln!(text, ".TP\n.BR {} (1)\n{}", roff(&verb_page), roff(&about));
        }
    }
    examples(&mut text, command);
    common_sections(&mut text);
    pages.push(Page {
        file: format!("{name}.1"),
        text,
    });
    verbs.iter().try_for_each(|verb| of_verb(verb, &words, pages))
}

/// As `--help` says it: the library's own lists every flag without its value.
fn synopsis(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    let lines: Vec<String> = usage.lines().map(|line| roff(line.trim())).collect();
    format!(".SH SYNOPSIS\n{}\n", lines.join("\n.br\n"))
}

/// The line that a page begins with: no date, which would make each build another page.
fn title(name: &str, section: u8) -> String {
    let name = roff(&name.to_uppercase());
    let version = env!("CARGO_PKG_VERSION");
    format!(".TH \"{name}\" {section} \"\" \"orchestrate {version}\" \"orchestrate\"\n")
}

/// What the help ends with.
fn examples(text: &mut String, command: &Command) {
    let after = command
        .get_after_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    if let Some((_, lines)) = after.split_once("Examples:\n") {
        text.push_str(".SH EXAMPLES\n.nf\n");
        for line in lines.lines() {
            let _ = writeln!(text, "{}", roff(line.trim_start()));
        }
        text.push_str(".fi\n");
    }
}

/// The same on every page of a verb.
fn common_sections(text: &mut String) {
    let pairs = |entries: Vec<ReferenceEntry>, whose: &str| -> Vec<(String, String)> {
        let own = entries.into_iter().filter(|entry| entry.places == [whose]);
        own.map(|entry| (entry.name, entry.meaning)).collect()
    };
    let files = FILES.map(|(name, meaning)| (name.to_owned(), meaning.to_owned()));
    list(text, "FILES", &files);
    list(text, "ENVIRONMENT", &pairs(entries(Topic::Environment), READ));
    list(text, "EXIT STATUS", &pairs(entries(Topic::ExitCodes), OURS));
    text.push_str(".SH SEE ALSO\n.BR orchestrate (1),\n.BR orchestrate\\-schedule (5),\n");
    text.push_str(".BR orchestrate\\-settings (5)\n");
}

/// The page of a YAML file: every key at every place.
fn of_file(topic: Topic) -> Page {
    let name = format!("orchestrate-{topic}");
    let mut text = format!(
        "{}.SH NAME\n{} \\- {}\n.SH DESCRIPTION\n{}\n.PP\n\
         .B orchestrate check\nshows every mistake at once, and\n.B orchestrate explain KEY\nshows one key.\n",
        title(&name, 5),
        roff(&name),
        roff(&topic.title().to_lowercase()),
        roff(topic.introduction()),
    );
    for section in sections(entries(topic)) {
        let keys: Vec<(String, String)> = section
            .iter()
            .map(|entry| (entry.name.clone(), in_sentences(entry)))
            .collect();
        list(&mut text, &section[0].shown_places(), &keys);
    }
    text.push_str(".SH SEE ALSO\n.BR orchestrate (1),\n.BR orchestrate\\-check (1),\n");
    text.push_str(".BR orchestrate\\-explain (1)\n");
    Page {
        file: format!("{name}.5"),
        text,
    }
}

/// All that is known of a key, a sentence a line.
fn in_sentences(entry: &ReferenceEntry) -> String {
    let mut sentences = vec![entry.meaning.clone()];
    let range = entry.range.as_ref().map(|range| format!(" ({range})"));
    sentences.push(format!("Type: {}{}.", entry.kind, range.unwrap_or_default()));
    if entry.required {
        sentences.push("Required.".to_owned());
    }
    sentences.extend(
        entry
            .default
            .as_ref()
            .map(|default| format!("Default: {default}.")),
    );
    sentences.extend(
        entry
            .example
            .as_ref()
            .map(|example| format!("Example: {example}")),
    );
    sentences.join("\n.br\n")
}

fn list(text: &mut String, title: &str, entries: &[(String, String)]) {
    let _ = writeln!(text, ".SH \"{}\"", roff(title));
    for (name, meaning) in entries {
        let _ = writeln!(text, ".TP\n.B \"{}\"", roff(name));
        for line in meaning.lines() {
            let line = if line == ".br" {
                line.to_owned()
            } else {
                roff(line)
            };
            let _ = writeln!(text, "{line}");
        }
    }
}

/// Text as roff takes it: nothing in it is a request or an escape.
fn roff(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('"', "\\(dq");
    if escaped.starts_with(['.', '\'']) {
        format!("\\&{escaped}")
    } else {
        escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_a_request() {
        assert_eq!(roff(".SH x"), "\\&.SH x");
        assert_eq!(roff("a\\b \"c\" --d"), "a\\eb \\(dqc\\(dq \\-\\-d");
    }
}

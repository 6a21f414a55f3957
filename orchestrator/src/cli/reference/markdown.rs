//! The reference as a page of `docs/reference/`.

use std::fmt::Write;

use crate::cli::reference::entries;
use crate::cli::reference::entry::{ReferenceEntry, Topic};
use crate::cli::reference::page::sections;

/// A topic, a table for what stands at the same places.
pub(crate) fn document(topic: Topic) -> String {
    let mut page = format!(
        "# {}\n\n<!-- Generated: orchestrate explain {topic} --format markdown -->\n\n{}\n",
        topic.title(),
        topic.introduction()
    );
    // Writing to a String cannot fail.
    for section in sections(entries(topic)) {
        let places: Vec<String> = section[0].places.iter().map(|place| heading(place)).collect();
        let _ = writeln!(page, "\n## {}\n", places.join(", "));
        page.push_str(&table(topic, &section));
    }
    page
}

fn heading(place: &str) -> String {
    match place {
        "" => "Top level".to_owned(),
        place if place.contains(' ') => place.to_owned(),
        place => format!("`{place}`"),
    }
}

fn table(topic: Topic, section: &[ReferenceEntry]) -> String {
    if topic == Topic::ExitCodes {
        let rows = section
            .iter()
            .map(|entry| format!("| {} | {} |\n", entry.name, cell(&entry.meaning)));
        return "| code | meaning |\n| --- | --- |\n".to_owned() + &rows.collect::<String>();
    }
    let rows = section.iter().map(|entry| {
        let required = if entry.required { ", required" } else { "" };
        let range = entry.range.as_ref().map(|range| format!("; {range}"));
        let default = entry.default.clone().or(entry.no_default()).unwrap_or_default();
        let default = if entry.required { String::new() } else { default };
        format!(
            "| `{}`{required} | {} | {}{} | {} | {} |\n",
            entry.name,
            cell(&entry.meaning),
            cell(&entry.kind),
            cell(&range.unwrap_or_default()),
            cell(&default),
            entry.example.as_deref().map(code).unwrap_or_default(),
        )
    });
    "| key | meaning | type and range | default | example |\n| --- | --- | --- | --- | --- |\n".to_owned()
        + &rows.collect::<String>()
}

/// Text in a cell: a bar would begin the next one, an asterisk would be a style.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*")
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

//! The reference on a terminal: as wide as that, and no wider.

use std::fmt::Write;

use anstyle::Style;

use crate::cli::reference::entries;
use crate::cli::reference::entry::{ReferenceEntry, Topic};
use crate::text::wrap_words;

/// What there is to ask for.
pub(crate) fn overview() -> String {
    let (bold, heading) = (Style::new().bold(), Style::new().bold().underline());
    let mut page = format!("{heading}Topics{heading:#}\n");
    // Writing to a String cannot fail.
    for topic in Topic::ALL {
        let _ = writeln!(page, "  {bold}{:<14}{bold:#}{}", topic.as_str(), topic.title());
    }
    let _ = writeln!(page, "\n{heading}For example{heading:#}");
    for (line, meaning) in [
        ("orchestrate explain schedule", "all of a topic"),
        ("orchestrate explain timeout", "a key, wherever it may stand"),
        ("orchestrate explain limits.memory", "a key of `limits` only"),
        ("orchestrate explain settings command", "a key of a topic"),
    ] {
        let _ = writeln!(page, "  {bold}{line:<38}{bold:#}{meaning}");
    }
    page
}

/// All of a topic; what stands at the same places stands together.
pub(crate) fn topic_page(topic: Topic, width: usize) -> String {
    let (bold, heading) = (Style::new().bold(), Style::new().bold().underline());
    let mut page = format!("{bold}{}{bold:#}\n", topic.title());
    page.push_str(&wrap_words(topic.introduction(), 0, Some(width)));
    for section in sections(entries(topic)) {
        page.push('\n');
        let places = wrap_words(&section[0].shown_places(), 0, Some(width));
        for line in places.lines() {
            let _ = writeln!(page, "{heading}{line}{heading:#}");
        }
        for entry in section {
            let required = if entry.required { " (required)" } else { "" };
            let _ = writeln!(page, "  {bold}{}{bold:#}{required}", entry.name);
            page.push_str(&wrap_words(&entry.meaning, 6, Some(width)));
            page.push_str(&wrap_words(&facts(&entry), 6, Some(width)));
            if let Some(example) = &entry.example {
                page.push_str(&wrap_words(example, 6, Some(width)));
            }
        }
    }
    page
}

/// Entries that follow each other and may stand at the same places.
pub(crate) fn sections(entries: Vec<ReferenceEntry>) -> Vec<Vec<ReferenceEntry>> {
    let mut sections: Vec<Vec<ReferenceEntry>> = Vec::new();
    for entry in entries {
        match sections.last_mut() {
            Some(section) if section[0].places == entry.places => section.push(entry),
            _ => sections.push(vec![entry]),
        }
    }
    sections
}

/// Type, range and default, in a line.
fn facts(entry: &ReferenceEntry) -> String {
    let mut facts = vec![entry.kind.clone()];
    facts.extend(entry.range.clone());
    facts.extend(
        entry
            .default
            .as_ref()
            .map(|default| format!("default: {default}")),
    );
    facts.join("; ")
}

/// Some entries, each with all that is known of it.
pub(crate) fn entry_page(entries: &[ReferenceEntry], width: usize) -> String {
    let blocks: Vec<String> = entries.iter().map(|entry| block(entry, width)).collect();
    blocks.join("\n")
}

fn block(entry: &ReferenceEntry, width: usize) -> String {
    let bold = Style::new().bold();
    let mut text = format!("{bold}{}{bold:#}\n", entry.name);
    text.push_str(&wrap_words(&entry.meaning, 2, Some(width)));
    text.push('\n');
    let required = entry.required.then(|| "yes".to_owned());
    for (label, value) in [
        ("Topic", Some(entry.topic.to_string())),
        ("Where", Some(entry.shown_places())),
        ("Type", Some(entry.kind.clone())),
        ("Range", entry.range.clone()),
        ("Required", required),
        ("Default", entry.default.clone().or(entry.no_default())),
        ("Example", entry.example.clone()),
    ] {
        let Some(value) = value else { continue };
        let wrapped = wrap_words(&value, 12, Some(width));
        let _ = writeln!(text, "  {label:<10}{}", wrapped.trim());
    }
    text
}

#[cfg(test)]
mod tests {
    use console::measure_text_width;

    use super::*;
    use crate::cli::reference::find::find;

    #[test]
    fn it_fits_eighty_columns() {
        let mut pages = vec![overview()];
        pages.extend(Topic::ALL.map(|topic| topic_page(topic, 80)));
        pages.extend(Topic::ALL.map(|topic| entry_page(&entries(topic), 80)));
        for line in pages.iter().flat_map(|page| page.lines()) {
            // A path or a pattern cannot be broken.
            let longest = line.split_whitespace().map(measure_text_width).max();
            assert!(measure_text_width(line) <= 80 || longest > Some(50), "{line}");
        }
    }

    #[test]
    fn of_one_key_everything_is_said() {
        let page = entry_page(&find(None, "tasks.timeout").unwrap(), 80);
        insta::assert_snapshot!(anstream::adapter::strip_str(&page).to_string());
    }
}

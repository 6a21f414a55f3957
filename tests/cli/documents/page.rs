//! The blocks of a page of Markdown, and what the comments above them say.

use std::fs;
use std::path::Path;

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// The word after the fence.
    pub(crate) language: String,
    pub(crate) text: String,
    /// Page and line.
    pub(crate) at: String,
    markers: Vec<(String, String)>,
}

impl Block {
    /// What a comment above it says of this.
    pub(crate) fn marker(&self, name: &str) -> Option<&str> {
        let found = self.markers.iter().find(|(known, _)| known == name);
        found.map(|(_, words)| words.as_str())
    }
}

/// The names that a comment may begin with.
const MARKERS: [&str; 6] = ["set-up", "exits", "output", "file", "program", "no-test"];

/// All of a page, in order.
pub(crate) fn blocks(page: &Path) -> Vec<Block> {
    let text = fs::read_to_string(page).unwrap();
    let mut found = Vec::new();
    let mut markers = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let at = format!("{}:{}", page.display(), number + 1);
        let bare = line.trim_start();
        if let Some(language) = bare.strip_prefix("```") {
            let indent = line.len() - bare.len();
            let inner = lines.by_ref().map(|(_, line)| line);
            let text: String = inner
                .take_while(|line| line.trim() != "```")
                .map(|line| format!("{}\n", line.get(indent..).unwrap_or_default()))
                .collect();
            found.push(Block {
                language: language.to_owned(),
                text,
                at,
                markers: std::mem::take(&mut markers),
            });
        } else if let Some(comment) = bare
            .strip_prefix("<!--")
            .and_then(|rest| rest.strip_suffix("-->"))
        {
            let (name, words) = comment.split_once(':').unwrap_or((comment, ""));
            if MARKERS.contains(&name.trim()) {
                markers.push((name.trim().to_owned(), words.trim().to_owned()));
            }
        } else if !bare.is_empty() {
            // A comment belongs to the block right below it.
            assert!(markers.is_empty(), "{at}: {markers:?} is above no block");
        }
    }
    found
}

/// Commands that stand in no fenced block but are set as code by four blanks.
pub(crate) fn indented_commands(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && line.starts_with("    orchestrate ") {
            found.push(line.to_owned());
        }
    }
    found
}

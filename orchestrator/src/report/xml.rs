//! What a collector printed, as text of XML 1.0 (section 2.2), for a writer that drops every
//! control character, tabs among them, and knows no others that XML forbids. Pure.

use crate::text::make_safe;

/// Stands for a tab until the writer is done: no text of ours has it, since XML forbids it.
const TAB: char = '\u{ffff}';

/// Text as the writer takes it: colours are dropped, other control characters are seen.
pub(crate) fn xml_text(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let plain = without_sequences(line);
        let legal = plain.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
        make_safe(&legal).replace('\t', TAB.encode_utf8(&mut [0; 4]))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Without whole control sequences (ECMA-48, 5.4): colours, and movements of the cursor. One
/// that is not whole stays, or the rest of the text would go with it.
fn without_sequences(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let parameters = part.trim_start_matches(|c: char| matches!(c, ' '..='?'));
        match parameters.strip_prefix(|c: char| matches!(c, '@'..='~')) {
            Some(rest) => plain.push_str(rest),
            None => {
                plain.push_str("\u{1b}[");
                plain.push_str(part);
            }
        }
    }
    plain
}

/// What the writer wrote, with the tabs: as references, which attributes keep as well.
pub(crate) fn with_tabs(xml: &str) -> String {
    xml.replace(TAB, "&#9;")
}

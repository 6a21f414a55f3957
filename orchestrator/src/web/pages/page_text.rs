//! What every `{{ }}` of a template goes through (`askama.toml` names it): the one neutraliser
//! first, so that nothing of a stranger's text is hidden or reordered, then the escapes of HTML,
//! so that nothing of it is markup. There is no way past it: `|safe` is banned by a test.

use std::fmt::{self, Write};

use askama::filters::Escaper;

use crate::text::make_safe;

/// Text for people in an HTML page, or in a quoted attribute of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageText;

impl Escaper for PageText {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        let safe = make_safe(text);
        let mut rest = safe.as_ref();
        while let Some(at) = rest.find(['<', '>', '&', '"', '\'']) {
            dest.write_str(&rest[..at])?;
            dest.write_str(match rest.as_bytes()[at] {
                b'<' => "&#60;",
                b'>' => "&#62;",
                b'&' => "&#38;",
                b'"' => "&#34;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        dest.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut page = String::new();
        PageText.write_escaped_str(&mut page, text).unwrap();
        page
    }

    #[test]
    fn nothing_is_markup_and_nothing_is_hidden() {
        assert_eq!(written("run_a: 3 new"), "run_a: 3 new");
        assert_eq!(
            written("\"><img src=x onerror='alert(1)'>&"),
            "&#34;&#62;&#60;img src=x onerror=&#39;alert(1)&#39;&#62;&#38;"
        );
        assert_eq!(
            written("a\u{202e}b\u{1b}[2J\0\u{2028}"),
            "a\\u{202e}b\\u{1b}[2J\\u{0}\\u{2028}"
        );
        assert_eq!(written("gr\u{fc}n \u{2713}"), "gr\u{fc}n \u{2713}");
    }

    /// Templates hold no way past it, and no value stands where escapes do not help: in a
    /// script, a style, or an attribute without quotes.
    #[test]
    fn templates_have_no_way_past_it() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/pages");
        let handler = regex::Regex::new(r"\son[a-z]+=").unwrap();
        let bare = regex::Regex::new(r"\s[a-z-]+=\s*\{\{").unwrap();
        let mut seen = 0;
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            for banned in [
                "safe",
                "escape(",
                "style=",
                "<script>",
                "<style",
                " on",
                "javascript:",
            ] {
                let found = match banned {
                    // Handlers in the markup: ` onclick=`.
                    " on" => handler.is_match(&text),
                    "safe" => text.contains("|safe") || text.contains("| safe"),
                    word => text.contains(word),
                };
                assert!(!found, "{}: {banned}", path.display());
            }
            assert!(
                !bare.is_match(&text),
                "{}: an attribute without quotes",
                path.display()
            );
            seen += 1;
        }
        assert!(seen > 3, "{seen} templates");
    }
}

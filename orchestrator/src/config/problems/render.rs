//! A diagnostic as people read it: the message, the line with the place
//! underlined, and what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::config::problems::codes::{Code, Severity};
use crate::config::problems::diagnostic::Diagnostic;
use crate::config::problems::suggest::one_line;

/// Several lines without the last line break. Holds escape sequences only if
/// `colour` is set, whatever the file holds.
pub fn render(diagnostic: &Diagnostic, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let file = one_line(&diagnostic.file);
    let title = level
        .clone()
        .primary_title(&*diagnostic.message)
        .id(diagnostic.code.as_str());
    let hint = diagnostic.hint.as_deref().map(|hint| Level::HELP.message(hint));
    let report = match &diagnostic.excerpt {
        None => vec![
            title
                .element(place_without_excerpt(diagnostic, &file))
                .elements(hint),
        ],
        Some(excerpt) => {
            let snippet = Snippet::source(&*excerpt.text)
                .line_start(diagnostic.line)
                .annotation(AnnotationKind::Primary.span(excerpt.span.clone()));
            if excerpt.text[..excerpt.span.start].chars().count() + 1 == diagnostic.column {
                vec![title.element(snippet.path(&*file)).elements(hint)]
            } else {
                // The excerpt begins within a long line: its own columns are not those of the file.
                let origin = Origin::path(&*file)
                    .line(diagnostic.line)
                    .char_column(diagnostic.column);
                vec![
                    title.element(origin),
                    Group::with_level(level).element(snippet).elements(hint),
                ]
            }
        }
    };
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&report)
}

/// A line of `.env` has a place but is not shown: it may hold a secret. A file that
/// cannot be read has no place.
fn place_without_excerpt<'a>(diagnostic: &Diagnostic, file: &'a str) -> Origin<'a> {
    match diagnostic.code {
        Code::DotenvLine | Code::DotenvStyle => Origin::path(file)
            .line(diagnostic.line)
            .char_column(diagnostic.column),
        _ => Origin::path(file),
    }
}

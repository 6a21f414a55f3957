//! A diagnostic as people read it: the message, the line with the place
//! underlined, and what to do.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Severity};
use super::suggest::visible;

/// Several lines without the last line break. Holds escape sequences only if
/// `colour` is set, whatever the file holds.
pub fn render(diagnostic: &Diagnostic, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let file = visible(&diagnostic.file);
    let group = level
        .primary_title(&*diagnostic.message)
        .id(diagnostic.code.as_str());
    let group = match &diagnostic.excerpt {
        None => group.element(Origin::path(&*file)),
        Some(excerpt) => group
            .element(
                Origin::path(&*file)
                    .line(diagnostic.line)
                    .char_column(diagnostic.column),
            )
            .element(
                Snippet::source(&*excerpt.text)
                    .line_start(diagnostic.line)
                    .annotation(AnnotationKind::Primary.span(excerpt.span.clone())),
            ),
    };
    let group = match &diagnostic.hint {
        Some(hint) => group.element(Level::HELP.message(&**hint)),
        None => group,
    };
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&[group])
}

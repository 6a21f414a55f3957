//! Gathers what is wrong with one file. Every walk over the tree writes here
//! and goes on; nobody stops at the first problem.

use crate::config::problems::codes::{Code, Severity};
use crate::config::problems::diagnostic::Diagnostic;
use crate::config::problems::secret_spans::{secret_spans, starred};
use crate::config::problems::suggest::{SHOWN as SHOWN_OF_VALUE, one_line, quote};
use crate::config::yaml::source::Source;
use crate::text::{MASK, SHORTEST};

/// More problems than these help nobody.
const SHOWN: usize = 100;

/// A problem at a byte of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) at: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: Code, at: usize, message: impl Into<String>) -> Self {
        Self {
            code,
            at,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn into_diagnostic(self, source: &Source<'_>) -> Diagnostic {
        let (line, column) = source.position(self.at);
        let secrets = source.secrets_at(self.at);
        let words = |text: &str| one_line(&without_secrets(text, &secrets));
        Diagnostic {
            severity: self.code.severity(),
            code: self.code,
            file: source.name.to_owned(),
            line,
            column,
            message: words(&self.message),
            hint: self.hint.as_deref().map(words),
            excerpt: Some(source.excerpt(self.at)),
        }
    }
}

/// What is said of a line, without what is secret there; of a long one the beginning is said.
fn without_secrets(text: &str, secrets: &[&str]) -> String {
    let mut said = starred(text, 0, &secret_spans(text));
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
        let begin: String = secret.chars().take(SHOWN_OF_VALUE).collect();
        said = said.replace(secret, MASK).replace(&begin, MASK);
    }
    said
}

/// The problems of one file.
#[derive(Debug)]
pub(crate) struct Problems<'s> {
    pub(crate) source: &'s Source<'s>,
    problems: Vec<Problem>,
    needed: Vec<NeededVariable>,
}

/// An environment variable without which somebody is not told. The file is right; whether
/// it is set is another matter, and its caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NeededVariable {
    pub(crate) name: String,
    /// What is to be said if it is not set.
    pub(crate) if_unset: Diagnostic,
    /// Where a URL is wanted: what is to be said if it holds something else.
    pub(crate) if_no_url: Option<Diagnostic>,
}

impl<'s> Problems<'s> {
    pub(crate) fn new(source: &'s Source<'s>) -> Self {
        Self {
            source,
            problems: Vec::new(),
            needed: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The value at `at` names a variable that must be set.
    pub(crate) fn need(&mut self, name: &str, at: usize) {
        let message = format!("{} is not set: nobody is told this way", quote(name));
        let hint = "set it in the environment or in .env";
        let problem = Problem::new(Code::VariableNotSet, at, message).hint(hint);
        self.needed.push(NeededVariable {
            name: name.to_owned(),
            if_unset: problem.into_diagnostic(self.source),
            if_no_url: None,
        });
    }

    /// The same for one that holds a URL.
    pub(crate) fn need_url(&mut self, name: &str, at: usize) {
        self.need(name, at);
        let message = format!("{} holds no URL of HTTP: nobody is told this way", quote(name));
        let problem = Problem::new(Code::BadText, at, message).hint("write the whole URL into it");
        let diagnostic = problem.into_diagnostic(self.source);
        if let Some(needed) = self.needed.last_mut() {
            needed.if_no_url = Some(diagnostic);
        }
    }

    /// The variables that are needed, in the order of the file.
    pub(crate) fn take_needed(&mut self) -> Vec<NeededVariable> {
        std::mem::take(&mut self.needed)
    }

    /// How many problems there are so far.
    pub(crate) fn count(&self) -> usize {
        self.problems.len()
    }

    /// `value` and the warnings, or everything in the order of the file. A
    /// problem behind an alias is met at each of its uses and shown once.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
        self.problems
            .sort_by(|a, b| (a.at, a.code, &a.message).cmp(&(b.at, b.code, &b.message)));
        self.problems.dedup();
        let failed = self
            .problems
            .iter()
            .any(|problem| problem.code.severity() == Severity::Error);
        let hidden = self.problems.len().saturating_sub(SHOWN);
        let next = self.problems.get(SHOWN).map(|problem| problem.at);
        self.problems.truncate(SHOWN);
        if let Some(at) = next {
            let (code, what) = if failed {
                (Code::MoreProblems, "problems")
            } else {
                (Code::MoreWarnings, "warnings")
            };
            let problem = Problem::new(code, at, format!("{hidden} more {what} are not shown"));
            self.problems.push(problem.hint("correct the ones above first"));
        }
        let diagnostics = self
            .problems
            .into_iter()
            .map(|problem| problem.into_diagnostic(self.source))
            .collect();
        match value {
            Some(value) if !failed => Ok((value, diagnostics)),
            _ => Err(diagnostics),
        }
    }
}

//! What is known while a text is being read: how much there is of it, and what
//! was wrong. Shared by the seeds, which nest, and so behind a `RefCell`.

use std::cell::RefCell;
use std::fmt;

use serde::de::Error;

use crate::config::problems::codes::Code;
use crate::config::problems::gather::Problem;
use crate::config::problems::suggest::quote;
use crate::config::yaml::locate::place;
use crate::config::yaml::source::Source;

/// Nodes of one file. Ten for a task make this ten thousand tasks.
const MAX_NODES: usize = 100_000;
/// Bytes of all texts together, which aliases could multiply.
const MAX_TEXT: usize = 4 * 1024 * 1024;

/// Bytes of a node that are looked at to see how it is written.
const WINDOW: usize = 1024;

/// What is known while a text is being read.
pub(crate) struct Reading<'s> {
    pub(crate) source: &'s Source<'s>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    nodes: usize,
    text: usize,
    problems: Vec<Problem>,
    /// Why reading ended before the end of the text.
    refusal: Option<Problem>,
}

impl<'s> Reading<'s> {
    pub(crate) fn new(source: &'s Source<'s>) -> Self {
        Self {
            source,
            state: RefCell::default(),
        }
    }

    /// The problems found, or the one that ended reading, if any did.
    pub(crate) fn finish(self) -> (Vec<Problem>, Option<Problem>) {
        let state = self.state.into_inner();
        (state.problems, state.refusal)
    }

    pub(crate) fn add(&self, problem: Problem) {
        self.state.borrow_mut().problems.push(problem);
    }

    /// Ends reading; the error carries nothing, the problem is kept here.
    pub(crate) fn refuse<E: Error>(&self, problem: Problem) -> E {
        self.state.borrow_mut().refusal.get_or_insert(problem);
        E::custom("refused")
    }

    pub(crate) fn count<E: Error>(&self, at: usize) -> Result<(), E> {
        self.state.borrow_mut().nodes += 1;
        self.judge_size(at)
    }

    /// Keeps a text.
    pub(crate) fn keep<E: Error>(&self, at: usize, text: &str) -> Result<String, E> {
        self.state.borrow_mut().text += text.len();
        self.judge_size(at)?;
        Ok(text.to_owned())
    }

    fn judge_size<E: Error>(&self, at: usize) -> Result<(), E> {
        let State { nodes, text, .. } = *self.state.borrow();
        let message = if nodes > MAX_NODES {
            format!("more than {MAX_NODES} keys and values, aliases counted at each use")
        } else if text > MAX_TEXT {
            format!(
                "more than {} MiB of text, aliases counted at each use",
                MAX_TEXT / 1024 / 1024
            )
        } else {
            return Ok(());
        };
        Err(self
            .refuse(Problem::new(Code::TooLarge, at, message).hint("write fewer tasks, or split the file")))
    }

    /// The byte at which a failed probe stood.
    pub(crate) fn offset(&self, error: &impl fmt::Display) -> usize {
        let (line, column) = place(error);
        self.source.offset(line, column)
    }

    /// The tag of a node, if it has one, and how the node itself begins; both
    /// empty for an alias, whose node is written elsewhere. Only a window of the
    /// text is looked at, because aliases bring the same place here many times.
    fn written(&self, at: usize) -> (Option<&'s str>, &'s str) {
        let rest = self.source.rest(at);
        let mut node = &rest[..rest.floor_char_boundary(WINDOW)];
        let mut tag = None;
        if node.starts_with('*') {
            return (None, "");
        }
        while node.starts_with(['&', '!']) {
            let (property, after) = node.split_at(node.find(char::is_whitespace).unwrap_or(node.len()));
            if property.starts_with('!') {
                tag = Some(property);
            }
            node = after.trim_start();
        }
        (tag, node)
    }

    /// Reports a tag at this place.
    pub(crate) fn tag(&self, at: usize) -> bool {
        let (tag, _) = self.written(at);
        if let Some(tag) = tag {
            let message = format!("the tag {} has no meaning here", quote(tag));
            let problem = Problem::new(Code::Unsupported, at, message);
            self.add(problem.hint("remove the tag; values have the type that their key wants"));
        }
        tag.is_some()
    }

    /// Whether a text stands in the file without quotes, at this place.
    pub(crate) fn is_plain(&self, at: usize) -> bool {
        let (_, node) = self.written(at);
        !node.is_empty() && !node.starts_with(['"', '\'', '|', '>'])
    }

    /// A number as written; `value` where it came through an alias. A very long
    /// one ends reading, since aliases would have it parsed again and again.
    pub(crate) fn number<E: Error>(&self, at: usize, value: impl fmt::Display) -> Result<String, E> {
        let rest = self.source.rest(at);
        if rest.starts_with('*') {
            return Ok(value.to_string());
        }
        let (_, written) = self.written(at);
        let end = written
            .find(|c: char| !c.is_ascii_alphanumeric() && !"+-._".contains(c))
            .unwrap_or(written.len());
        if end == written.len() && rest.len() > WINDOW {
            let problem = Problem::new(
                Code::TooLarge,
                at,
                "the number is too long, or too far from its anchor",
            );
            return Err(self.refuse(problem.hint("quote it if it is meant as a text")));
        }
        Ok(written[..end].to_owned())
    }
}

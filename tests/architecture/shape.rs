//! The shape of a file: its functions, the types that leave it, and where its tests begin.
//! Called by the rules; knows none of them.

use crate::lex::{Token, tokens};
use crate::scan::Source;

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The line of `fn`, from 1.
    pub(crate) line: usize,
    /// From `fn` to the closing brace.
    pub(crate) lines: usize,
    /// `self` counts.
    pub(crate) parameters: usize,
}

/// A type that other files can name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TypeName {
    pub(crate) name: String,
    pub(crate) line: usize,
}

impl Source {
    /// Whether all of it is for tests.
    pub(crate) fn is_test(&self) -> bool {
        let stem = self.path.trim_end_matches(".rs");
        stem.split('/').any(|part| ["tests", "fixtures"].contains(&part))
    }

    /// The text before its tests: `#[cfg(test)]` in front of an inline module ends a file here.
    pub(crate) fn product(&self) -> &str {
        if self.is_test() {
            return "";
        }
        let begins = |at: &usize| {
            let after = self.text[at + "#[cfg(test)]".len()..].trim_start();
            after.starts_with("mod ") && after.lines().next().is_some_and(|line| line.ends_with('{'))
        };
        let mut places = self.text.match_indices("#[cfg(test)]").map(|(at, _)| at);
        places.find(begins).map_or(&self.text, |at| &self.text[..at])
    }

    /// The functions before its tests.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let tokens = tokens(self.product());
        (0..tokens.len())
            .filter_map(|at| function(&tokens[at..]))
            .collect()
    }

    /// The types before its tests that `pub`, `pub(crate)` or `pub(super)` lets out.
    pub(crate) fn types(&self) -> Vec<TypeName> {
        let tokens = tokens(self.product());
        (0..tokens.len())
            .filter_map(|at| type_name(&tokens[at..]))
            .collect()
    }
}

fn function(tokens: &[Token]) -> Option<Function> {
    let [keyword, name, rest @ ..] = tokens else {
        return None;
    };
    if keyword.text != "fn" || name.text == "(" {
        return None;
    }
    let open = outside(rest, &["("])?;
    let close = open + closing(&rest[open..])?;
    let after = &rest[close + 1..];
    let body = outside(after, &["{", ";"])?;
    if after[body].text == ";" {
        return None;
    }
    let end = body + closing(&after[body..])?;
    Some(Function {
        name: name.text.clone(),
        line: keyword.line,
        lines: after[end].line - keyword.line + 1,
        parameters: parameters(&rest[open + 1..close]),
    })
}

/// Where the first of `marks` stands outside of `<...>`, `(...)` and `[...]`.
fn outside(tokens: &[Token], marks: &[&str]) -> Option<usize> {
    let (mut depth, mut before) = (0_i32, "");
    tokens.iter().position(|token| {
        let text = token.text.as_str();
        if depth == 0 && marks.contains(&text) {
            return true;
        }
        match text {
            "<" | "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            ">" if before != "-" => depth -= 1,
            _ => {}
        }
        before = text;
        false
    })
}

/// Where the bracket that `tokens` begins with is closed.
fn closing(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    tokens.iter().position(|token| {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

/// How many stand between the parentheses; commas within brackets of any kind do not count.
fn parameters(tokens: &[Token]) -> usize {
    let (mut depth, mut count, mut open) = (0_i32, 0, false);
    let mut before = "";
    for token in tokens {
        match token.text.as_str() {
            "(" | "[" | "{" | "<" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            ">" if before != "-" => depth -= 1,
            "," if depth == 0 => {
                open = false;
                before = ",";
                continue;
            }
            _ => {}
        }
        before = &token.text;
        if !open {
            (open, count) = (true, count + 1);
        }
    }
    count
}

fn type_name(tokens: &[Token]) -> Option<TypeName> {
    let words: Vec<&str> = tokens.iter().take(6).map(|token| token.text.as_str()).collect();
    let after = match words.as_slice() {
        ["pub", "(", "crate" | "super", ")", ..] => 4,
        ["pub", ..] => 1,
        _ => return None,
    };
    let kinds = ["struct", "enum", "trait", "type", "union"];
    let name = tokens.get(after + 1)?;
    kinds.contains(words.get(after)?).then(|| TypeName {
        name: name.text.clone(),
        line: name.line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn functions_are_measured() {
        let text = "fn a<F: Fn(u8) -> u8>(&self, f: F, map: HashMap<u8, (u8, u8)>, g: impl Fn(A, B) -> C) {\n}\n\
                    trait T { fn b(&self); }\nfn c() -> [u8; 2] { [1, 2] }\n#[cfg(test)]\nmod tests {\nfn d() {}\n}";
        let found = source("engine/run.rs", text).functions();
        let told: Vec<(&str, usize, usize, usize)> = found
            .iter()
            .map(|function| {
                (
                    &*function.name,
                    function.line,
                    function.lines,
                    function.parameters,
                )
            })
            .collect();
        assert_eq!(told, [("a", 1, 2, 4), ("c", 4, 1, 0)]);
        assert!(source("engine/tests.rs", text).functions().is_empty());
    }

    #[test]
    fn types_that_leave_are_found() {
        let text = "pub struct A;\npub(crate) enum B {}\nstruct C;\npub(super) struct D;\npub type E = u8;\npub use x::F;";
        let found = source("engine/run.rs", text).types();
        let names: Vec<(&str, usize)> = found.iter().map(|found| (&*found.name, found.line)).collect();
        assert_eq!(names, [("A", 1), ("B", 2), ("D", 4), ("E", 5)]);
    }
}

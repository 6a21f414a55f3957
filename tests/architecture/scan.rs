//! Reads a source file into the paths that it mentions, however they are written: in
//! full, in the braces of an import, through `super`, inside a macro call. Called by
//! the rules; knows none of them.

use crate::lex::{Token, tokens};

/// A source file.
pub(crate) struct Source {
    /// Where it lies under `orchestrator/src`: `model/slots.rs`.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) text: String,
}

/// A path such as `crate::store::Store`, or a lone word such as `unsafe`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    /// Its words, `super` and `self` resolved.
    pub(crate) words: Vec<String>,
    /// The line of its first word (of those within the braces, for an import), from 1.
    pub(crate) line: usize,
}

impl Source {
    /// The folder under `src` that it belongs to; empty for `lib.rs` and `main.rs`.
    pub(crate) fn folder(&self) -> &str {
        self.path.split_once('/').map_or("", |(folder, _)| folder)
    }

    /// Everything that it mentions, in order.
    pub(crate) fn mentions(&self) -> Vec<Mention> {
        let tokens = tokens(&self.text);
        let mut scan = Scan {
            rest: &tokens,
            module: self.module(),
            open: 0,
            opened: Vec::new(),
            found: Vec::new(),
        };
        while !scan.rest.is_empty() {
            scan.step();
        }
        scan.found
    }

    /// The module that it is: `model/slots.rs` and `model/slots/mod.rs` are `crate::model::slots`.
    pub(crate) fn module(&self) -> Vec<String> {
        let path = self.path.trim_end_matches(".rs");
        let path = path.strip_suffix("/mod").unwrap_or(path);
        let words = path.split('/').filter(|word| !["lib", "main"].contains(word));
        ["crate"].into_iter().chain(words).map(str::to_owned).collect()
    }
}

struct Scan<'t> {
    rest: &'t [Token],
    /// The module that is being read, inline ones included.
    module: Vec<String>,
    /// How many braces are open.
    open: usize,
    /// For each inline module, how many braces were open when it began.
    opened: Vec<usize>,
    found: Vec<Mention>,
}

impl Scan<'_> {
    fn step(&mut self) {
        let [token, rest @ ..] = self.rest else { return };
        match (token.text.as_str(), rest) {
            ("mod", [name, brace, ..]) if brace.text == "{" => {
                self.module.push(name.text.clone());
                self.opened.push(self.open);
                self.rest = &rest[1..];
            }
            ("{", _) => {
                self.open += 1;
                self.rest = rest;
            }
            ("}", _) => {
                self.open = self.open.saturating_sub(1);
                if self.opened.last() == Some(&self.open) {
                    self.opened.pop();
                    self.module.pop();
                }
                self.rest = rest;
            }
            _ if is_word(token) => self.path(&[]),
            _ => self.rest = rest,
        }
    }

    /// Reads the path that begins here; `stem` are the words before the braces around it.
    fn path(&mut self, stem: &[String]) {
        let [first, rest @ ..] = self.rest else { return };
        let mut words = [stem, std::slice::from_ref(&first.text)].concat();
        self.rest = rest;
        while let [a, b, next, ..] = self.rest {
            let continues = a.text == ":" && b.text == ":" && (is_word(next) || next.text == "{");
            if !continues {
                break;
            }
            self.rest = &self.rest[3..];
            if next.text == "{" {
                return self.branches(&words);
            }
            words.push(next.text.clone());
        }
        let words = self.resolve(words);
        self.found.push(Mention {
            words,
            line: first.line,
        });
    }

    /// Reads the paths in the braces of an import, up to and with the closing brace.
    fn branches(&mut self, stem: &[String]) {
        while let [token, rest @ ..] = self.rest {
            match token.text.as_str() {
                "}" => {
                    self.rest = rest;
                    return;
                }
                "as" => self.rest = rest.get(1..).unwrap_or_default(),
                _ if is_word(token) => self.path(stem),
                _ => self.rest = rest,
            }
        }
    }

    /// Replaces a leading `super::super` or `self` by the module that it means, and a
    /// last `self`, as in `store::{self}`, by nothing.
    fn resolve(&self, mut words: Vec<String>) -> Vec<String> {
        if words.len() == 1 {
            return words;
        }
        if words.last().is_some_and(|last| last == "self") {
            words.pop();
        }
        let relative = |word: &&String| ["self", "super"].contains(&word.as_str());
        let steps = words.iter().take_while(relative).count();
        if steps == 0 {
            return words;
        }
        let ups = words[..steps].iter().filter(|word| *word == "super").count();
        let base = self.module.len().saturating_sub(ups).max(1);
        [&self.module[..base], &words[steps..]].concat()
    }
}

fn is_word(token: &Token) -> bool {
    token
        .text
        .starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

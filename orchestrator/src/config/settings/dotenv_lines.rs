//! The lines of a `.env` file, by the rules of python-dotenv, which most such files are
//! written for: blanks around the `=`, quoted values over several lines, `export`, comments.
//! Where the lines of django-environ mean something else, theirs are read as well. Pure.

/// `NAME=value`, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment<'t> {
    /// The byte where its name begins.
    pub(crate) at: usize,
    pub(crate) name: &'t str,
    pub(crate) value: WrittenValue<'t>,
    pub(crate) style: Option<Style>,
}

/// A value as it is written; quotes are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrittenValue<'t> {
    Bare(&'t str),
    Single(&'t str),
    Double(&'t str),
}

/// Ways to write that some readers of such files do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Style {
    Blanks,
    SeveralLines,
    InnerQuotes,
}

/// Why a line cannot be read. Never with its text, which may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineProblem {
    pub(crate) at: usize,
    pub(crate) message: &'static str,
    pub(crate) hint: &'static str,
}

/// The assignments of a text, in its order, and what can be read as none.
#[derive(Debug)]
pub(crate) struct DotenvLines<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> DotenvLines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn line(&self) -> &'t str {
        self.rest().split(is_break).next().unwrap_or_default()
    }

    /// Passes over what `wanted` accepts; whether there was any.
    fn skip(&mut self, wanted: fn(char) -> bool) -> bool {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(wanted).len();
        self.at += length;
        length > 0
    }

    fn skip_line(&mut self) {
        self.at += self.line().len();
    }

    fn assignment(&mut self) -> Result<Assignment<'t>, LineProblem> {
        if let Some(after) = self.rest().strip_prefix("export")
            && after.starts_with(is_blank)
        {
            self.at = self.text.len() - after.len();
            self.skip(is_blank);
        }
        let at = self.at;
        let name = self.name()?;
        let before = self.skip(is_blank);
        if !self.rest().starts_with('=') {
            return Err(LineProblem {
                at,
                message: "the line has no `=` after its first word",
                hint: "write `NAME=value`, or begin a comment with `#`",
            });
        }
        self.at += 1;
        let after = self.skip(is_blank);
        let (value, style) = match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
            _ => (WrittenValue::Bare(self.bare(after)), None),
        };
        if let Some(nul) = self.text[at..self.at].find('\0') {
            return Err(LineProblem {
                at: at + nul,
                message: "the line holds a NUL byte, or one that is not UTF-8 text",
                hint: "save the file as UTF-8",
            });
        }
        let blanks = before || after && value != WrittenValue::Bare("");
        let style = style.or(blanks.then_some(Style::Blanks));
        Ok(Assignment {
            at,
            name,
            value,
            style,
        })
    }

    fn name(&mut self) -> Result<&'t str, LineProblem> {
        let at = self.at;
        let problem = |at, message| LineProblem {
            at,
            message,
            hint: "write `NAME=value`",
        };
        let (name, length) = match self.rest().strip_prefix('\'') {
            Some(quoted) => {
                let name = quoted
                    .split(is_break)
                    .next()
                    .and_then(|line| line.split_once('\''));
                let (name, _) = name.ok_or_else(|| problem(at, "the name has no closing quote"))?;
                (name, name.len() + 2)
            }
            None => {
                let ends = |c: char| matches!(c, '=' | '#') || c.is_whitespace();
                let name = self.rest().split(ends).next().unwrap_or_default();
                (name, name.len())
            }
        };
        if name.is_empty() {
            return Err(problem(at, "there is no name before the `=`"));
        }
        if name.contains(|c: char| c.is_control() || c == '=') {
            return Err(problem(at, "this is not the name of a variable"));
        }
        self.at += length;
        Ok(name)
    }

    /// Up to a comment, which a blank must precede, or to the end of the line.
    fn bare(&mut self, after_blank: bool) -> &'t str {
        let line = self.line();
        self.skip_line();
        let mut blank = after_blank;
        let comment = line.char_indices().find(|&(_, c)| {
            let begins = c == '#' && blank;
            blank = c.is_whitespace();
            begins
        });
        line[..comment.map_or(line.len(), |(at, _)| at)].trim_end()
    }

    fn quoted(&mut self, quote: char) -> Result<(WrittenValue<'t>, Option<Style>), LineProblem> {
        let written = |text: &'t str| match quote {
            '"' => WrittenValue::Double(text),
            _ => WrittenValue::Single(text),
        };
        let body = &self.rest()[1..];
        let closed = closing(body, quote).filter(|end| ends_line(&body[end + 1..]));
        if let Some(end) = closed {
            self.at += end + 2;
            self.skip_line();
            let value = &body[..end];
            let several = value.contains(is_break).then_some(Style::SeveralLines);
            return Ok((written(value), several));
        }
        // 'it's' is what it looks like to django-environ, and nothing to python-dotenv.
        let line = body.split(is_break).next().unwrap_or_default().trim_end();
        match line.strip_suffix(quote) {
            Some(inner) => {
                self.skip_line();
                Ok((written(inner), Some(Style::InnerQuotes)))
            }
            None if closing(line, quote).is_some() => Err(LineProblem {
                at: self.at,
                message: "text follows the closing quote",
                hint: "quote the whole value, or write a blank and `#` before a comment",
            }),
            None => Err(LineProblem {
                at: self.at,
                message: "the closing quote is missing",
                hint: "close the quote",
            }),
        }
    }
}

impl<'t> Iterator for DotenvLines<'t> {
    type Item = Result<Assignment<'t>, LineProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.skip(char::is_whitespace);
            if self.rest().is_empty() {
                return None;
            }
            if self.rest().starts_with('#') {
                self.skip_line();
                continue;
            }
            let begin = self.at;
            let read = self.assignment();
            if read.is_err() {
                // The next line may be right.
                self.at = begin;
                self.skip_line();
            }
            return Some(read);
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() && !is_break(c)
}

/// Where the quote is that no backslash precedes.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    let found = text.char_indices().find(|&(_, c)| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    found.map(|(at, _)| at)
}

fn ends_line(text: &str) -> bool {
    let rest = text.trim_start_matches(is_blank);
    rest.is_empty() || rest.starts_with(|c| c == '#' || is_break(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, WrittenValue<'_>, Option<Style>)> {
        let lines = DotenvLines::new(text).filter_map(Result::ok);
        lines.map(|line| (line.name, line.value, line.style)).collect()
    }

    #[test]
    fn what_python_dotenv_reads_is_read() {
        use WrittenValue::{Bare, Double, Single};
        for (text, name, value) in [
            ("a=b", "a", Bare("b")),
            ("'a'=b", "a", Bare("b")),
            ("[=b", "[", Bare("b")),
            (" a = b ", "a", Bare("b")),
            ("export a=b", "a", Bare("b")),
            ("export\ta=b", "a", Bare("b")),
            (" export 'a'=b", "a", Bare("b")),
            ("exported=b", "exported", Bare("b")),
            ("a=b#c", "a", Bare("b#c")),
            ("a=b #c", "a", Bare("b")),
            ("a=b\t#c", "a", Bare("b")),
            ("a=#b", "a", Bare("#b")),
            ("a= #c", "a", Bare("")),
            ("a=", "a", Bare("")),
            ("a=b  c ", "a", Bare("b  c")),
            ("a=b\u{a0} c", "a", Bare("b\u{a0} c")),
            ("a=b=c==", "a", Bare("b=c==")),
            ("a='b c '", "a", Single("b c ")),
            ("a=\"b c \" # d", "a", Double("b c ")),
            ("a=\"b # c\"#d", "a", Double("b # c")),
            ("a='b\\'c'", "a", Single("b\\'c")),
            ("a=\"b\\\"c\"", "a", Double("b\\\"c")),
            ("a=\"b\\\\\"", "a", Double("b\\\\")),
            ("a=\"b\nc\"", "a", Double("b\nc")),
            ("a='b\r\n#c\n'", "a", Single("b\r\n#c\n")),
            ("a=à", "a", Bare("à")),
            ("1a.b-c=d", "1a.b-c", Bare("d")),
            (
                "uglyKey[%$=\"S3cr3t_P4ssw#rD\" #",
                "uglyKey[%$",
                Double("S3cr3t_P4ssw#rD"),
            ),
        ] {
            let found = read(text);
            assert_eq!(found.len(), 1, "{text:?}");
            assert_eq!((found[0].0, found[0].1), (name, value), "{text:?}");
        }
        for text in ["", "\n\r\n", "# a=b", "  # a=b\n\t\n"] {
            assert_eq!(DotenvLines::new(text).count(), 0, "{text:?}");
        }
        for end in ["\n", "\r", "\r\n", "\n\n# comment\n"] {
            let text = format!("a='b'{end}c=d{end}");
            let names: Vec<_> = read(&text).into_iter().map(|(name, ..)| name).collect();
            assert_eq!(names, ["a", "c"], "{end:?}");
        }
    }

    #[test]
    fn what_only_django_environ_reads_is_read() {
        let text = "a='it's'\nb=\"say \"no\"\"\nc='C:\\'\nd='D:\\'\n";
        let inner = Some(Style::InnerQuotes);
        assert_eq!(
            read(text),
            [
                ("a", WrittenValue::Single("it's"), inner),
                ("b", WrittenValue::Double("say \"no\""), inner),
                ("c", WrittenValue::Single("C:\\"), inner),
                ("d", WrittenValue::Single("D:\\"), inner),
            ]
        );
    }

    #[test]
    fn ways_to_write_that_not_everybody_knows_are_noticed() {
        for (text, style) in [
            ("a=b # c", None),
            ("a=", None),
            ("a= ", None),
            ("a =b", Some(Style::Blanks)),
            ("a= b", Some(Style::Blanks)),
            ("a= 'b'", Some(Style::Blanks)),
            ("a='b\nc'", Some(Style::SeveralLines)),
        ] {
            assert_eq!(read(text)[0].2, style, "{text:?}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_costs_itself() {
        for (line, at, message) in [
            ("secret", 0, "the line has no `=` after its first word"),
            ("a: b", 0, "the line has no `=` after its first word"),
            ("a b=c", 0, "the line has no `=` after its first word"),
            ("=c", 0, "there is no name before the `=`"),
            ("'a=c", 0, "the name has no closing quote"),
            ("a\u{7}=c", 0, "this is not the name of a variable"),
            ("a=\"x", 2, "the closing quote is missing"),
            ("a='x' y", 2, "text follows the closing quote"),
            (
                "a=x\0",
                3,
                "the line holds a NUL byte, or one that is not UTF-8 text",
            ),
        ] {
            let text = format!("before=1\n{line}\nafter=2\n");
            let problems: Vec<_> = DotenvLines::new(&text).filter_map(Result::err).collect();
            let told: Vec<_> = problems
                .iter()
                .map(|problem| (problem.at, problem.message))
                .collect();
            assert_eq!(told, [(at + 9, message)], "{line:?}");
            let names: Vec<_> = read(&text).into_iter().map(|(name, ..)| name).collect();
            assert_eq!(names, ["before", "after"], "{line:?}");
        }
    }
}

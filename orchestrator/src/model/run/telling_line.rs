//! Which line of a failure's last ones tells why.

/// The last line that is more than an interpreter's epilogue: Node prints its version behind an
/// error, Java and Node the frames of the stack below it, and a bracket says nothing.
pub fn telling_line<T: AsRef<str>>(tail: &[T]) -> Option<&str> {
    let lines = || tail.iter().rev().map(AsRef::as_ref);
    lines()
        .find(|line| !is_epilogue(line))
        .or_else(|| lines().find(|line| !line.trim().is_empty()))
}

fn is_epilogue(line: &str) -> bool {
    let words = line.trim_start();
    let indented = words.len() < line.len();
    !words.contains(char::is_alphanumeric)
        || words.starts_with("Node.js v")
        || (indented && (words.starts_with("at ") || is_more(words)))
}

/// `... 12 more`, or `... 3 lines matching cause stack trace ...`
fn is_more(words: &str) -> bool {
    words
        .strip_prefix("... ")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tail: &'static str) -> Option<&'static str> {
        let lines: Vec<&str> = tail.lines().collect();
        let told = telling_line(&lines)?;
        lines.iter().find(|line| **line == told).copied()
    }

    #[test]
    fn it_is_the_error_and_not_what_stands_behind_it() {
        let node = "/c/x.mjs:3\n    throw e;\n    ^\n\nSyntaxError: Expected property name\n    at JSON.parse (<anonymous>)\n    at main (/c/x.mjs:3:9)\n\nNode.js v20.20.2";
        assert_eq!(line(node), Some("SyntaxError: Expected property name"));
        let java =
            "Exception in thread \"main\" java.io.IOException: no route\n\tat X.main(X.java:3)\n\t... 3 more";
        assert_eq!(
            line(java),
            Some("Exception in thread \"main\" java.io.IOException: no route")
        );
        let python = "Traceback (most recent call last):\n  File \"x\", line 1\nKeyError: 'a'";
        assert_eq!(line(python), Some("KeyError: 'a'"));
        assert_eq!(
            line("at the end of its patience"),
            Some("at the end of its patience")
        );
        assert_eq!(line("Node.js v20.20.2\n"), Some("Node.js v20.20.2"));
        assert_eq!(line(" \n"), None);
    }
}

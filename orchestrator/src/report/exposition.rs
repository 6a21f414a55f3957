//! The text format of Prometheus, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::{Display, Write};

/// Metrics as text. A family is opened, then its samples follow.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// Opens a family: its name, its type and what it means.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One value of it. Label values may hold anything; what would end them is escaped.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, value)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{}\"", escaped(value));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    /// All that was written, in the text format of Prometheus.
    pub fn into_text(self) -> String {
        self.0
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_forge_a_sample() {
        let mut text = Exposition::default();
        text.family("m", "gauge", "Means something.");
        text.sample("m", &[], 1);
        text.sample("m", &[("a", "x\"} 9\nforged 1"), ("b", "\\")], 2.5);
        assert_eq!(
            text.into_text(),
            "# HELP m Means something.\n# TYPE m gauge\nm 1\nm{a=\"x\\\"} 9\\nforged 1\",b=\"\\\\\"} 2.5\n"
        );
    }
}

//! The forms in which `logs` shows a record.

use std::io::{self, Write};

use crate::queries::logs::{LogLine, LogOwner};
use crate::rundir::LogRecord;
use crate::text::{push_line, push_safe};

/// How records are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogForm {
    /// Harmless text behind the collector's name, perhaps in the collector's colours.
    Tagged {
        colour: bool,
    },
    /// The collector's bytes.
    Raw,
    Json,
}

impl LogForm {
    /// Writes a record as it is to be shown.
    ///
    /// # Errors
    /// `out` fails.
    pub(crate) fn write(
        self,
        owner: &LogOwner,
        record: &LogRecord<'_>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        match self {
            Self::Raw => {
                out.write_all(record.bytes)?;
                out.write_all(if record.whole { b"\n" } else { b"" })
            }
            Self::Tagged { colour } => {
                let mut text = String::new();
                let tag = format!("[{}/{}] ", owner.group, owner.name);
                push_safe(&mut text, tag.as_bytes());
                push_line(&mut text, record.bytes, colour);
                text.push('\n');
                out.write_all(text.as_bytes())
            }
            Self::Json => {
                serde_json::to_writer(&mut *out, &LogLine::new(owner, record))?;
                out.write_all(b"\n")
            }
        }
    }
}

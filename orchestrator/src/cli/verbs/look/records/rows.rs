//! The forms of exported records. Written one at a time: how many there are does not
//! matter.

use std::io::{self, Write};

use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::records::Kept;
use crate::text::push_csv_row;

/// The form of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object a line
    #[default]
    Jsonl,
    /// One JSON list
    Json,
    /// key, data as JSON, first_seen, changed_at, seen_at
    Csv,
}

/// Writes records in one form.
pub(crate) struct Rows<W> {
    format: ExportFormat,
    out: W,
    count: u64,
}

/// A line of the export; the contract with collectors that read it.
#[derive(Serialize)]
struct Line<'a> {
    collection: &'a str,
    key: &'a str,
    data: &'a RawValue,
    first_seen: Option<Timestamp>,
    changed_at: Option<Timestamp>,
    seen_at: Option<Timestamp>,
}

impl<'a> From<&'a Kept> for Line<'a> {
    fn from(record: &'a Kept) -> Self {
        Self {
            collection: &record.collection,
            key: &record.key,
            data: &record.data,
            first_seen: record.first_seen,
            changed_at: record.changed_at,
            seen_at: record.seen_at,
        }
    }
}

impl<W: Write> Rows<W> {
    pub(crate) fn begin(format: ExportFormat, out: W) -> Self {
        Self {
            format,
            out,
            count: 0,
        }
    }

    /// One more.
    pub(crate) fn row(&mut self, record: &Kept) -> io::Result<()> {
        let first = self.count == 0;
        self.count += 1;
        match self.format {
            ExportFormat::Jsonl => {
                serde_json::to_writer(&mut self.out, &Line::from(record))?;
                self.out.write_all(b"\n")
            }
            ExportFormat::Json => {
                self.out.write_all(if first { b"[\n" } else { b",\n" })?;
                Ok(serde_json::to_writer(&mut self.out, &Line::from(record))?)
            }
            ExportFormat::Csv => {
                if first {
                    self.header()?;
                }
                let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
                let (first, changed) = (time(record.first_seen), time(record.changed_at));
                let seen = time(record.seen_at);
                let mut row = String::new();
                let fields = [&record.key, record.data.get(), &first, &changed, &seen];
                push_csv_row(&mut row, fields);
                self.out.write_all(row.as_bytes())
            }
        }
    }

    fn header(&mut self) -> io::Result<()> {
        self.out.write_all(b"key,data,first_seen,changed_at,seen_at\n")
    }

    /// There are no more.
    pub(crate) fn end(mut self) -> io::Result<()> {
        match (self.format, self.count) {
            (ExportFormat::Json, 0) => self.out.write_all(b"[]\n")?,
            (ExportFormat::Json, _) => self.out.write_all(b"\n]\n")?,
            (ExportFormat::Csv, 0) => self.header()?,
            _ => {}
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: ExportFormat, keys: &[&str]) -> String {
        let mut out = Vec::new();
        let mut rows = Rows::begin(format, &mut out);
        for key in keys {
            let record = Kept {
                collection: "c".into(),
                key: (*key).into(),
                data: RawValue::from_string("{\"a\":1}".into()).unwrap(),
                first_seen: Some(Timestamp::UNIX_EPOCH),
                changed_at: Some(Timestamp::UNIX_EPOCH),
                seen_at: Some(Timestamp::UNIX_EPOCH),
                first_run: "r".into(),
                changed_run: "r".into(),
                seen_run: "r".into(),
            };
            rows.row(&record).unwrap();
        }
        rows.end().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_form_is_whole_with_any_number_of_rows() {
        let at = "1970-01-01T00:00:00Z";
        let line = |key: &str| {
            format!(
                r#"{{"collection":"c","key":"{key}","data":{{"a":1}},"first_seen":"{at}","changed_at":"{at}","seen_at":"{at}"}}"#
            )
        };
        assert_eq!(written(ExportFormat::Jsonl, &[]), "");
        assert_eq!(
            written(ExportFormat::Jsonl, &["x", "y"]),
            format!("{}\n{}\n", line("x"), line("y"))
        );
        assert_eq!(written(ExportFormat::Json, &[]), "[]\n");
        assert_eq!(
            written(ExportFormat::Json, &["x", "y"]),
            format!("[\n{},\n{}\n]\n", line("x"), line("y"))
        );
        let header = "key,data,first_seen,changed_at,seen_at\n";
        assert_eq!(written(ExportFormat::Csv, &[]), header);
        assert_eq!(
            written(ExportFormat::Csv, &["a,b", "=1+1"]),
            format!(
                "{header}\"a,b\",\"{{\"\"a\"\":1}}\",{at},{at},{at}\n\"'=1+1\",\"{{\"\"a\"\":1}}\",{at},{at},{at}\n"
            )
        );
    }
}

//! The records of an events file on their way to the database, in batches of bounded size.

use std::io::{BufReader, Read};
use std::path::Path;

use tokio::sync::mpsc;

use crate::records::error::RecordsError;
use crate::records::events_file::event::{CollectorEvent, Record, parse_event};
use crate::records::events_file::follow::open;
use crate::records::events_file::lines::{FileLine, Lines};

/// How many records, and about how many bytes of them, travel together.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 1 << 20;

/// What comes from the file.
pub(crate) enum Fed {
    /// Some records, in the order of the file.
    Records(Vec<Record>),
    /// There are no more. Without this the reader failed, and nothing may be kept.
    End,
}

/// Reads the records of a file, which was examined before: its faults were told then.
pub(crate) fn feed(path: &Path, bytes: u64, sender: &mpsc::Sender<Fed>) -> Result<(), RecordsError> {
    let failed = |source| RecordsError::File {
        path: path.to_owned(),
        source,
    };
    if bytes > 0 {
        let file = open(path).map_err(failed)?;
        let mut lines = Lines::new(BufReader::with_capacity(64 << 10, file.take(bytes)));
        let mut batch = Batch::default();
        while let Some(line) = lines.next().map_err(failed)? {
            if !batch.add(&line, sender) {
                return Ok(());
            }
        }
        if lines.bytes() < bytes {
            return Err(RecordsError::Changed {
                path: path.to_owned(),
                reason: format!(
                    "it has {} bytes, and had {bytes} when it was examined",
                    lines.bytes()
                ),
            });
        }
        if let Some(line) = lines.rest()
            && !batch.add(&line, sender)
        {
            return Ok(());
        }
        if !batch.send(sender) {
            return Ok(());
        }
    }
    // Whoever takes may have failed, and says so itself.
    let _ = sender.blocking_send(Fed::End);
    Ok(())
}

#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    bytes: usize,
}

impl Batch {
    /// `false` if nobody takes any more.
    fn add(&mut self, line: &FileLine<'_>, sender: &mpsc::Sender<Fed>) -> bool {
        let FileLine::Whole(_, bytes) = line else {
            return true;
        };
        let Ok(CollectorEvent::Record(record)) = parse_event(bytes) else {
            return true;
        };
        self.bytes += bytes.len();
        self.records.push(record);
        if self.records.len() < BATCH && self.bytes < BATCH_BYTES {
            return true;
        }
        self.send(sender)
    }

    fn send(&mut self, sender: &mpsc::Sender<Fed>) -> bool {
        self.bytes = 0;
        let records = std::mem::replace(&mut self.records, Vec::with_capacity(BATCH));
        records.is_empty() || sender.blocking_send(Fed::Records(records)).is_ok()
    }
}

//! Handing records and state to the orchestrator, which keeps them only if the
//! collector succeeds. What cannot be handed over is an error.

use std::collections::{BTreeMap, HashSet};

use anyhow::Context;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::record::Record;
use crate::recorded::Recorded;
use crate::reporter::Reporter;

/// Records are handed over in pieces of about this many bytes, whole lines only.
const PIECE: usize = 64 << 10;
/// The most a state may take as JSON, in bytes: the orchestrator refuses more.
const STATE: usize = 64 << 10;

/// The records of one run. [`Delivery::finish`] hands over the last of them.
#[derive(Debug)]
pub struct Delivery<'a> {
    reporter: &'a Reporter,
    waiting: Vec<u8>,
    keys: BTreeMap<&'static str, HashSet<String>>,
}

impl<'a> Delivery<'a> {
    /// Nothing delivered yet.
    pub fn new(reporter: &'a Reporter) -> Self {
        Self {
            reporter,
            waiting: Vec::new(),
            keys: BTreeMap::new(),
        }
    }

    /// Delivers records. Errors: they cannot be written.
    pub fn records(&mut self, records: impl IntoIterator<Item = Record>) -> anyhow::Result<()> {
        for record in records {
            self.line(&record)?;
            self.keys.entry(record.collection).or_default().insert(record.key);
        }
        Ok(())
    }

    /// Says of every recorded thing of a collection that is `in_scope` and was
    /// not delivered now that it is gone: `{"gone":true}`, with the members
    /// `names` of its data, by which a reader knows it. To be called when all
    /// that there is was delivered. Errors: the records cannot be read or written.
    pub fn settle(
        &mut self,
        recorded: &Recorded,
        collection: &'static str,
        names: &[&str],
        in_scope: impl Fn(&Map<String, Value>) -> bool,
    ) -> anyhow::Result<()> {
        let mut gone = Vec::new();
        let delivered = self.keys.entry(collection).or_default();
        recorded.read(collection, |key, data| {
            if !delivered.contains(&key) && in_scope(&data) {
                let mut rest = Map::from_iter([("gone".to_owned(), Value::Bool(true))]);
                rest.extend(
                    data.into_iter()
                        .filter(|(name, _)| names.contains(&name.as_str())),
                );
                gone.push(Record::new(collection, key, Value::Object(rest)));
            }
        })?;
        for record in gone {
            self.line(&record)?;
        }
        Ok(())
    }

    /// What the next run is to be given, if this one succeeds. Errors: it is
    /// larger than the orchestrator takes, or cannot be written.
    pub fn state(&mut self, data: &impl Serialize) -> anyhow::Result<()> {
        let data = serde_json::to_value(data)?;
        let size = data.to_string().len();
        anyhow::ensure!(
            size <= STATE,
            "the state would take {size} bytes, more than {STATE}"
        );
        self.line(&json!({"type": "state", "data": data}))
    }

    /// How many records of a collection were delivered; what is gone does not count.
    pub fn count(&self, collection: &str) -> u64 {
        let length = self.keys.get(collection).map_or(0, HashSet::len);
        u64::try_from(length).unwrap_or(u64::MAX)
    }

    /// Hands over what waits. Errors: it cannot be written.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.flush()
    }

    fn line(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.waiting, line)?;
        self.waiting.push(b'\n');
        if self.waiting.len() >= PIECE {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.reporter
            .deliver(&self.waiting)
            .context("cannot hand over the records")?;
        self.waiting.clear();
        Ok(())
    }
}

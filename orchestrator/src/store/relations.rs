//! The names that are ours in a database. A test compares them with what the steps make.

/// Our tables and views, and the step that made each.
pub(crate) const RELATIONS: [(&str, i64); 31] = [
    ("runs", 1),
    ("tasks", 1),
    ("attempts", 1),
    ("slots", 1),
    ("ledger", 1),
    ("ingests", 2),
    ("deliveries", 2),
    ("records", 2),
    ("states", 2),
    ("current_records", 2),
    ("record_deliveries", 2),
    ("collections", 2),
    ("beats", 3),
    ("timetable", 3),
    ("pauses", 3),
    ("releases", 5),
    ("releases_handled", 5),
    ("notices", 6),
    ("sightings", 8),
    ("readable_runs", 10),
    ("readable_tasks", 10),
    ("readable_attempts", 10),
    ("readable_slots", 10),
    ("lineage", 13),
    ("record_changes", 13),
    ("queued_runs", 14),
    ("workers", 14),
    ("actions", 15),
    ("tokens", 18),
    ("sessions", 18),
    ("log_chunks", 20),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::store::Store;

    #[tokio::test]
    async fn they_are_what_the_steps_make() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::connect(None, dir.path()).await.unwrap();
        let mut lock = store.database.lock_schema().await.unwrap();
        lock.apply().await.unwrap();
        let mut there = store.database.inventory().await.unwrap().relations;
        there.sort();
        let mut ours = RELATIONS.map(|(name, _)| name.to_owned());
        ours.sort();
        assert_eq!(there, ours);
        store.close().await;
    }
}

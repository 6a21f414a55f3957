-- What `status` asks begins at the night, however many nights there were: slots by time, what
-- did not run, what is not believed. The same indexes as in ../postgres.

create index slots_by_time on slots (slot, entry);
create index ledger_not_run on ledger (slot) where state in ('missed', 'unknown');
create index tasks_suspect on tasks (run_started_at, run_id) where suspect is not null;

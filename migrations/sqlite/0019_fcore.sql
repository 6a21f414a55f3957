-- Which worker a run is for: what workers have to offer, and since when a run might have been taken.
-- The same columns as in ../postgres.

-- By the clock of the database: since when nothing of its own keeps the run waiting.
alter table queued_runs add column ready_at integer not null default 0;
-- By the clock of the database.
alter table queued_runs add column ended_at integer;

-- Who ran the entry last.
create index queued_runs_last on queued_runs (entry, message) where state = 'ended';

-- The secrets that have a value there, and the newest version of plans that it reads; null of a
-- worker of an earlier version, which does not say.
alter table workers add column secrets text;
alter table workers add column plan_version integer;

-- What each attempt used and may use, which was kept of the last one of a task only. Rows of before
-- have none of it. The same columns as in ../postgres.

alter table attempts add column timeout_ms integer;
alter table attempts add column max_rss_bytes integer;
alter table attempts add column cpu_ms integer;
-- A list in JSON of what was left behind and killed.
alter table attempts add column leftovers text;

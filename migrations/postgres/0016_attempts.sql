-- What each attempt used and may use, which was kept of the last one of a task only. Rows of before
-- have none of it. The same columns as in ../sqlite.

alter table attempts add column timeout_ms bigint;
alter table attempts add column max_rss_bytes bigint;
alter table attempts add column cpu_ms bigint;
-- A list of what was left behind and killed.
alter table attempts add column leftovers jsonb;

-- What collectors deliver: records, what each delivery brought, and what a collector
-- keeps for its next run. The same tables and views as in ../sqlite; a test compares
-- them.

alter table tasks add column suspect text;
alter table tasks add column warnings jsonb not null default '[]';
alter table runs add column suspect bigint not null default 0;

-- A delivery: the events file of one task, taken whole. Its row is written in the
-- transaction that takes the records, so that nothing is ever taken twice. Kept when
-- its run is forgotten: records name it.
create table ingests (
    id         bigint not null generated always as identity primary key,
    run_id     text   collate "C" not null,
    position   bigint not null,
    group_name text   not null,
    command    text   not null,
    at         bigint not null,
    added      bigint not null default 0,
    changed    bigint not null default 0,
    unchanged  bigint not null default 0
);

create unique index ingests_by_task on ingests (run_id, position);
create index ingests_by_time on ingests (at);

-- The same for each collection that it brought something of.
create table deliveries (
    collection text   collate "C" not null,
    ingest     bigint not null references ingests (id) on delete cascade,
    added      bigint not null,
    changed    bigint not null,
    unchanged  bigint not null,
    primary key (collection, ingest)
);

create index deliveries_by_ingest on deliveries (ingest);

create table records (
    collection     text   collate "C" not null,
    key            text   collate "C" not null,
    -- JSON with sorted keys: two texts are equal when what they say is. Not jsonb,
    -- which would write it down in another way than SQLite does.
    data           json   not null,
    first_ingest   bigint not null,
    changed_ingest bigint not null,
    seen_ingest    bigint not null,
    primary key (collection, key)
);

-- What is kept of a collector from run to run.
create table states (
    group_name text   not null,
    command    text   not null,
    -- What it left for itself, as JSON; null if nothing.
    data       json,
    at         bigint not null,
    -- When it last brought something new or changed.
    fresh_at   bigint,
    primary key (group_name, command)
);

create view current_records as
select r.collection, r.key, r.data::jsonb as data,
    to_timestamp(f.at / 1e6) as first_seen, f.run_id as first_run,
    to_timestamp(c.at / 1e6) as changed_at, c.run_id as changed_run,
    to_timestamp(s.at / 1e6) as seen_at, s.run_id as seen_run
from records r
join ingests f on f.id = r.first_ingest
join ingests c on c.id = r.changed_ingest
join ingests s on s.id = r.seen_ingest;

create view record_deliveries as
select d.collection, i.run_id as run, i.group_name, i.command,
    to_timestamp(i.at / 1e6) as delivered_at,
    d.added as new, d.changed, d.unchanged
from deliveries d join ingests i on i.id = d.ingest;

create view collections as
select r.collection, r.records,
    to_timestamp(i.at / 1e6) as delivered_at,
    i.run_id as run, i.group_name, i.command, d.added as new, d.changed, d.unchanged
from (select collection, count(*) as records from records group by collection) r
join deliveries d on d.collection = r.collection
    and d.ingest = (select max(newest.ingest) from deliveries newest where newest.collection = r.collection)
join ingests i on i.id = d.ingest;

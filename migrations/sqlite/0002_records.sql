-- What collectors deliver: records, what each delivery brought, and what a collector
-- keeps for its next run. The same tables and views as in ../postgres; a test
-- compares them.

alter table tasks add column suspect text;
alter table tasks add column warnings text not null default '[]' check (json_valid(warnings));
alter table runs add column suspect integer not null default 0;

-- A delivery: the events file of one task, taken whole. Its row is written in the
-- transaction that takes the records, so that nothing is ever taken twice. Kept when
-- its run is forgotten: records name it.
create table ingests (
    id         integer not null primary key,
    run_id     text    not null,
    position   integer not null,
    group_name text    not null,
    command    text    not null,
    at         integer not null,
    added      integer not null default 0,
    changed    integer not null default 0,
    unchanged  integer not null default 0
) strict;

create unique index ingests_by_task on ingests (run_id, position);
create index ingests_by_time on ingests (at);

-- The same for each collection that it brought something of.
create table deliveries (
    collection text    not null,
    ingest     integer not null references ingests (id) on delete cascade,
    added      integer not null,
    changed    integer not null,
    unchanged  integer not null,
    primary key (collection, ingest)
) strict, without rowid;

create index deliveries_by_ingest on deliveries (ingest);

create table records (
    collection     text    not null,
    key            text    not null,
    -- JSON with sorted keys: two texts are equal when what they say is.
    data           text    not null,
    first_ingest   integer not null,
    changed_ingest integer not null,
    seen_ingest    integer not null,
    primary key (collection, key)
) strict, without rowid;

-- What is kept of a collector from run to run.
create table states (
    group_name text    not null,
    command    text    not null,
    -- What it left for itself, as JSON; null if nothing.
    data       text,
    at         integer not null,
    -- When it last brought something new or changed.
    fresh_at   integer,
    primary key (group_name, command)
) strict, without rowid;

create view current_records as
select r.collection, r.key, r.data,
    strftime('%Y-%m-%dT%H:%M:%fZ', f.at / 1e6, 'unixepoch') as first_seen, f.run_id as first_run,
    strftime('%Y-%m-%dT%H:%M:%fZ', c.at / 1e6, 'unixepoch') as changed_at, c.run_id as changed_run,
    strftime('%Y-%m-%dT%H:%M:%fZ', s.at / 1e6, 'unixepoch') as seen_at, s.run_id as seen_run
from records r
join ingests f on f.id = r.first_ingest
join ingests c on c.id = r.changed_ingest
join ingests s on s.id = r.seen_ingest;

create view record_deliveries as
select d.collection, i.run_id as run, i.group_name, i.command,
    strftime('%Y-%m-%dT%H:%M:%fZ', i.at / 1e6, 'unixepoch') as delivered_at,
    d.added as new, d.changed, d.unchanged
from deliveries d join ingests i on i.id = d.ingest;

create view collections as
select r.collection, r.records,
    strftime('%Y-%m-%dT%H:%M:%fZ', i.at / 1e6, 'unixepoch') as delivered_at,
    i.run_id as run, i.group_name, i.command, d.added as new, d.changed, d.unchanged
from (select collection, count(*) as records from records group by collection) r
join deliveries d on d.collection = r.collection
    and d.ingest = (select max(newest.ingest) from deliveries newest where newest.collection = r.collection)
join ingests i on i.id = d.ingest;

-- Notices that are told together and can be acted on, runs of which nobody is told, who writes and
-- who reads each collection, and what each delivery changed. The same tables, views and indexes as
-- in ../postgres; docs/design/0023 and 0024 say why.

-- Whether somebody sat before it who did not want others to be told: such a run makes no notice,
-- and does not count in a row.
alter table runs add column quiet integer not null default 0 check (quiet in (0, 1));

-- SQLite cannot change a check.
create table notices_new (
    -- What it is about: a task of a run, a slot.
    subject      text    not null,
    channel      text    not null,
    kind         text    not null check (kind in
        ('failure', 'suspect', 'recovery', 'missed', 'late', 'release_unknown', 'long')),
    group_name   text    not null,
    name         text    not null,
    command      text    not null,
    run_id       text,
    at           integer not null,
    reason       text    not null,
    in_a_row     integer not null,
    -- What is told in one message: all of a run, or of a slot.
    batch        text    not null,
    -- What to do about it, where we know.
    hint         text,
    -- The last lines of its output.
    tail         text    not null default '[]' check (json_valid(tail)),
    -- Deliveries that were tried.
    tries        integer not null default 0,
    -- Not before this.
    next_try_at  integer not null,
    -- Of the last try that failed.
    error        text,
    delivered_at integer,
    -- It was tried for too long.
    given_up_at  integer,
    primary key (subject, channel),
    check (delivered_at is null or given_up_at is null)
) strict, without rowid;

insert into notices_new (subject, channel, kind, group_name, name, command, run_id, at, reason, in_a_row,
    batch, tries, next_try_at, error, delivered_at, given_up_at)
select subject, channel, kind, group_name, name, command, run_id, at, reason, in_a_row,
    coalesce(run_id, subject), tries, next_try_at, error, delivered_at, given_up_at
from notices;
drop table notices;
alter table notices_new rename to notices;

create index notices_due on notices (next_try_at) where delivered_at is null and given_up_at is null;
create index notices_by_time on notices (at);

-- Who wrote or read what, each newest only: bounded by the tasks and their collections.
create table lineage (
    group_name text    not null,
    name       text    not null,
    direction  text    not null check (direction in ('read', 'write')),
    collection text    not null,
    command    text    not null,
    run_id     text    not null,
    at         integer not null,
    primary key (group_name, name, direction, collection)
) strict, without rowid;

create index lineage_by_time on lineage (at);

insert into lineage (group_name, name, direction, collection, command, run_id, at)
select group_name, name, 'write', collection, command, run_id, at
from (select i.group_name, i.name, d.collection, i.command, i.run_id, i.at, row_number() over (
        partition by i.group_name, i.name, d.collection order by i.at desc, i.id desc) as place
    from deliveries d join ingests i on i.id = d.ingest) as newest
where place = 1;

-- Records that a census of their collection did not find any more, of those that were there before.
alter table deliveries add column gone integer not null default 0;

-- What a delivery changed: as many of its changes as are kept of one. They go with its run.
create table record_changes (
    ingest     integer not null references ingests (id) on delete cascade,
    collection text    not null,
    key        text    not null,
    change     text    not null check (change in ('new', 'changed', 'gone')),
    before     text,
    after      text,
    primary key (ingest, collection, key)
) strict, without rowid;

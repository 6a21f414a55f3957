-- Notices that are told together and can be acted on, runs of which nobody is told, who writes and
-- who reads each collection, and what each delivery changed. The same tables, views and indexes as
-- in ../sqlite; docs/design/0023 and 0024 say why.

-- Whether somebody sat before it who did not want others to be told: such a run makes no notice,
-- and does not count in a row.
alter table runs add column quiet boolean not null default false;

alter table notices drop constraint notices_kind_check;
alter table notices add constraint notices_kind_check
    check (kind in ('failure', 'suspect', 'recovery', 'missed', 'late', 'release_unknown', 'long'));
-- What is told in one message: all of a run, or of a slot.
alter table notices add column batch text not null default '';
update notices set batch = coalesce(run_id, subject);
-- What to do about it, where we know.
alter table notices add column hint text;
-- The last lines of its output.
alter table notices add column tail jsonb not null default '[]';

-- Who wrote or read what, each newest only: bounded by the tasks and their collections.
create table lineage (
    group_name text   not null,
    name       text   not null,
    direction  text   not null check (direction in ('read', 'write')),
    collection text   collate "C" not null,
    command    text   not null,
    run_id     text   not null,
    at         bigint not null,
    primary key (group_name, name, direction, collection)
);

create index lineage_by_time on lineage (at);

insert into lineage (group_name, name, direction, collection, command, run_id, at)
select group_name, name, 'write', collection, command, run_id, at
from (select i.group_name, i.name, d.collection, i.command, i.run_id, i.at, row_number() over (
        partition by i.group_name, i.name, d.collection order by i.at desc, i.id desc) as place
    from deliveries d join ingests i on i.id = d.ingest) as newest
where place = 1;

-- Records that a census of their collection did not find any more, of those that were there before.
alter table deliveries add column gone bigint not null default 0;

-- What a delivery changed: as many of its changes as are kept of one. They go with its run.
create table record_changes (
    ingest     bigint not null references ingests (id) on delete cascade,
    collection text   collate "C" not null,
    key        text   collate "C" not null,
    change     text   not null check (change in ('new', 'changed', 'gone')),
    before     json,
    after      json,
    primary key (ingest, collection, key)
);

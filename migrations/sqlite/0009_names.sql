-- The name of a task: with its group the key of what is kept of it, so that two tasks of one
-- group may have the same command. What is there keeps its meaning: the first task of a
-- command goes by the bare command, a further one in the same run or slot by `command#2`.
-- And the source of a release: two may each have a v1.0.0. The same tables, views and
-- indexes as in ../postgres; docs/design/0018 says why.

alter table tasks add column name text not null default '';
update tasks set name = command;
update tasks set name = command || '#' || twins.place
from (select run_id, position,
        row_number() over (partition by run_id, group_name, command order by position) as place
    from tasks) as twins
where twins.place > 1 and tasks.run_id = twins.run_id and tasks.position = twins.position;

-- Every question begins at the task or at its name, whatever names groups share.
drop index tasks_by_command;
drop index tasks_by_end;
create index tasks_by_name on tasks (name, run_started_at, run_id, group_name);
create index tasks_by_task on tasks (group_name, name, run_started_at, run_id);
create index tasks_by_end on tasks (group_name, name, outcome, run_started_at, run_id);

alter table ingests add column name text not null default '';
update ingests set name = coalesce(
    (select name from tasks where tasks.run_id = ingests.run_id and tasks.position = ingests.position),
    command);

alter table notices add column name text not null default '';
update notices set name = command;

-- SQLite cannot change a primary key.
create table ledger_new (
    entry      text    not null,
    slot       integer not null,
    group_name text    not null,
    name       text    not null,
    command    text    not null,
    -- Its place in the run; null for a task that was not in its plan.
    position   integer,
    state      text    not null check (state in ('due', 'ran', 'skipped', 'missed', 'unknown')),
    cause      text,
    primary key (entry, slot, group_name, name),
    foreign key (entry, slot) references slots (entry, slot) on delete cascade,
    check (state not in ('skipped', 'missed', 'unknown') or cause is not null)
) strict, without rowid;

insert into ledger_new (entry, slot, group_name, name, command, position, state, cause)
select entry, slot, group_name,
    case occurrence when 1 then command else command || '#' || occurrence end,
    command, position, state, cause
from ledger;
drop table ledger;
alter table ledger_new rename to ledger;

create index ledger_by_task on ledger (group_name, name, slot);
create index ledger_due on ledger (entry, slot) where state = 'due';

create trigger ledger_settled_once before update of state on ledger
when not (old.state = 'due' and new.state in ('ran', 'skipped', 'missed', 'unknown')
       or old.state in ('skipped', 'missed', 'unknown') and new.state = 'due')
begin
    select raise(abort, 'a task that was settled at a slot cannot be settled again');
end;

create table states_new (
    group_name text    not null,
    name       text    not null,
    command    text    not null,
    -- What it left for itself, as JSON; null if nothing.
    data       text,
    at         integer not null,
    -- When it last brought something new or changed.
    fresh_at   integer,
    primary key (group_name, name)
) strict, without rowid;

insert into states_new (group_name, name, command, data, at, fresh_at)
select group_name, command, command, data, at, fresh_at from states;
drop table states;
alter table states_new rename to states;

create table timetable_new (
    entry      text    not null,
    group_name text    not null,
    name       text    not null,
    rhythm     text    not null,
    since      integer not null,
    primary key (entry, group_name, name, rhythm)
) strict, without rowid;

insert into timetable_new (entry, group_name, name, rhythm, since)
select entry, group_name, command, rhythm, since from timetable;
drop table timetable;
alter table timetable_new rename to timetable;

create table releases_new (
    -- Where it was found; empty for what was noted before sources were told apart, until the
    -- source that has the tag is asked again.
    source        text    not null,
    tag           text    not null,
    first_seen_at integer not null,
    primary key (source, tag)
) strict, without rowid;

insert into releases_new (source, tag, first_seen_at) select '', tag, first_seen_at from releases;
drop table releases;
alter table releases_new rename to releases;

create table releases_handled_new (
    source     text    not null,
    tag        text    not null,
    group_name text    not null,
    name       text    not null,
    command    text    not null,
    handled_at integer not null,
    -- Null if somebody said so by hand.
    run_id     text,
    primary key (source, tag, group_name, name)
) strict, without rowid;

insert into releases_handled_new (source, tag, group_name, name, command, handled_at, run_id)
select '', tag, group_name, command, command, handled_at, run_id from releases_handled;
drop table releases_handled;
alter table releases_handled_new rename to releases_handled;

drop view record_deliveries;
create view record_deliveries as
select d.collection, i.run_id as run, i.group_name, i.name, i.command,
    strftime('%Y-%m-%dT%H:%M:%fZ', i.at / 1e6, 'unixepoch') as delivered_at,
    d.added as new, d.changed, d.unchanged
from deliveries d join ingests i on i.id = d.ingest;

drop view collections;
create view collections as
select r.collection, r.records,
    strftime('%Y-%m-%dT%H:%M:%fZ', i.at / 1e6, 'unixepoch') as delivered_at,
    i.run_id as run, i.group_name, i.name, i.command, d.added as new, d.changed, d.unchanged
from (select collection, count(*) as records from records group by collection) r
join deliveries d on d.collection = r.collection
    and d.ingest = (select max(newest.ingest) from deliveries newest where newest.collection = r.collection)
join ingests i on i.id = d.ingest;

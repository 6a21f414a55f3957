-- The name of a task: with its group the key of what is kept of it, so that two tasks of one
-- group may have the same command. What is there keeps its meaning: the first task of a
-- command goes by the bare command, a further one in the same run or slot by `command#2`.
-- And the source of a release: two may each have a v1.0.0. The same tables, views and
-- indexes as in ../sqlite; docs/design/0018 says why.

alter table tasks add column name text;
update tasks set name = command;
update tasks set name = command || '#' || twins.place
from (select run_id, position,
        row_number() over (partition by run_id, group_name, command order by position) as place
    from tasks) as twins
where twins.place > 1 and tasks.run_id = twins.run_id and tasks.position = twins.position;
alter table tasks alter column name set not null;

-- Every question begins at the task or at its name, whatever names groups share.
drop index tasks_by_command;
drop index tasks_by_end;
create index tasks_by_name on tasks (name, run_started_at, run_id, group_name);
create index tasks_by_task on tasks (group_name, name, run_started_at, run_id);
create index tasks_by_end on tasks (group_name, name, outcome, run_started_at, run_id);

alter table ingests add column name text;
update ingests set name = coalesce(
    (select name from tasks where tasks.run_id = ingests.run_id and tasks.position = ingests.position),
    command);
alter table ingests alter column name set not null;

alter table notices add column name text;
update notices set name = command;
alter table notices alter column name set not null;

alter table ledger add column name text;
update ledger set name = case occurrence when 1 then command else command || '#' || occurrence end;
alter table ledger alter column name set not null;
alter table ledger drop constraint ledger_pkey;
alter table ledger add primary key (entry, slot, group_name, name);
drop index ledger_by_command;
alter table ledger drop column occurrence;
create index ledger_by_task on ledger (group_name, name, slot);

alter table states add column name text;
update states set name = command;
alter table states drop constraint states_pkey;
alter table states add primary key (group_name, name);

alter table timetable drop constraint timetable_pkey;
alter table timetable rename column command to name;
alter table timetable add primary key (entry, group_name, name, rhythm);

-- Where it was found; empty for what was noted before sources were told apart, until the
-- source that has the tag is asked again.
alter table releases add column source text not null default '';
alter table releases alter column source drop default;
alter table releases drop constraint releases_pkey;
alter table releases add primary key (source, tag);

alter table releases_handled add column source text not null default '';
alter table releases_handled alter column source drop default;
alter table releases_handled drop constraint releases_handled_pkey;
alter table releases_handled add column name text;
update releases_handled set name = command;
alter table releases_handled add primary key (source, tag, group_name, name);

drop view record_deliveries;
create view record_deliveries as
select d.collection, i.run_id as run, i.group_name, i.name, i.command,
    to_timestamp(i.at / 1e6) as delivered_at,
    d.added as new, d.changed, d.unchanged
from deliveries d join ingests i on i.id = d.ingest;

drop view collections;
create view collections as
select r.collection, r.records,
    to_timestamp(i.at / 1e6) as delivered_at,
    i.run_id as run, i.group_name, i.name, i.command, d.added as new, d.changed, d.unchanged
from (select collection, count(*) as records from records group by collection) r
join deliveries d on d.collection = r.collection
    and d.ingest = (select max(newest.ingest) from deliveries newest where newest.collection = r.collection)
join ingests i on i.id = d.ingest;

-- What a record may never do is refused here as well, whoever writes. The states
-- and the changes are those of `store::transition`; a test tries every other one.

-- What held the tree of an attempt together; null where none ran, or it is not known.
alter table attempts add column isolation text;

-- The last success and the last failure of a collector are one step away, however
-- long ago they were.
drop index tasks_by_command;
create index tasks_by_command on tasks (command, run_started_at, run_id, group_name);
create index tasks_by_end on tasks (command, outcome, run_started_at, run_id, group_name);

-- A run that finished stays as it finished. A lost one may be reopened, no more.
create trigger runs_end_once before update of finished_at, lost, success, exit_code on runs
when (old.lost is null and old.finished_at is not null)
  or (old.lost is not null and new.lost is null and new.finished_at is not null)
begin
    select raise(abort, 'a run that ended cannot end again');
end;

create trigger tasks_end_once before update of outcome on tasks
when old.outcome is not null and (new.outcome is not null or old.outcome not in ('lost', 'skipped'))
begin
    select raise(abort, 'a task that ended cannot end again');
end;

create trigger attempts_end_once before update of outcome on attempts
when old.outcome is not null and (new.outcome is not null or old.outcome <> 'lost')
begin
    select raise(abort, 'an attempt that ended cannot end again');
end;

create trigger slots_taken_once before update of run_id on slots
when old.run_id is not null and new.run_id is not old.run_id
begin
    select raise(abort, 'a slot that was taken cannot be taken again');
end;

create trigger ledger_settled_once before update of state on ledger
when not (old.state = 'due' and new.state in ('ran', 'skipped', 'missed', 'unknown')
       or old.state in ('skipped', 'missed', 'unknown') and new.state = 'due')
begin
    select raise(abort, 'a task that was settled at a slot cannot be settled again');
end;

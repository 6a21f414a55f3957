-- What a record may never do is refused here as well, whoever writes. The states
-- and the changes are those of `store::transition`; a test tries every other one.

-- What held the tree of an attempt together; null where none ran, or it is not known.
alter table attempts add column isolation text;

-- The last success and the last failure of a collector are one step away, however
-- long ago they were.
drop index tasks_by_command;
create index tasks_by_command on tasks (command, run_started_at, run_id, group_name);
create index tasks_by_end on tasks (command, outcome, run_started_at, run_id, group_name);

create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception '%', tg_argv[0] using errcode = 'check_violation'; end $$;

-- A run that finished stays as it finished. A lost one may be reopened, no more.
create trigger runs_end_once before update of finished_at, lost, success, exit_code on runs for each row
when ((old.lost is null and old.finished_at is not null)
   or (old.lost is not null and new.lost is null and new.finished_at is not null))
execute function refuse_change('a run that ended cannot end again');

create trigger tasks_end_once before update of outcome on tasks for each row
when (old.outcome is not null and (new.outcome is not null or old.outcome not in ('lost', 'skipped')))
execute function refuse_change('a task that ended cannot end again');

create trigger attempts_end_once before update of outcome on attempts for each row
when (old.outcome is not null and (new.outcome is not null or old.outcome <> 'lost'))
execute function refuse_change('an attempt that ended cannot end again');

create trigger slots_taken_once before update of run_id on slots for each row
when (old.run_id is not null and new.run_id is distinct from old.run_id)
execute function refuse_change('a slot that was taken cannot be taken again');

create trigger ledger_settled_once before update of state on ledger for each row
when (not (old.state = 'due' and new.state in ('ran', 'skipped', 'missed', 'unknown')
        or old.state in ('skipped', 'missed', 'unknown') and new.state = 'due'))
execute function refuse_change('a task that was settled at a slot cannot be settled again');

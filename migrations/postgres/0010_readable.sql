-- For people who look with SQL: names, outcomes in words and times that can be read. The same
-- columns as in ../sqlite; a test compares them. The tables behind them may change.

create view readable_runs as
select id as run, schedule, group_name,
    case when lost is not null then 'lost' when finished_at is null then 'running'
        when success then 'succeeded' else 'failed' end as outcome,
    to_timestamp(started_at / 1e6) as started_at,
    to_timestamp(finished_at / 1e6) as finished_at,
    succeeded, failed, skipped, suspect, exit_code, lost as reason, owner_host as host
from runs;

create view readable_tasks as
select t.run_id as run, t.position, t.group_name, t.name, t.command, t.args, t.schedule,
    coalesce(t.outcome, case when exists (
        select 1 from attempts a where a.run_id = t.run_id and a.position = t.position)
        then 'running' else 'waiting' end) as outcome,
    t.suspect, t.exit_code, t.signal, t.reason, t.category, t.attempts, t.duration_ms,
    to_timestamp(t.run_started_at / 1e6) as run_started_at, t.log
from tasks t;

create view readable_attempts as
select a.run_id as run, a.position, t.group_name, t.name, t.command, a.number as attempt,
    coalesce(a.outcome, 'running') as outcome, a.exit_code, a.signal, a.reason,
    to_timestamp(a.started_at / 1e6) as started_at,
    to_timestamp(a.finished_at / 1e6) as finished_at,
    a.isolation, a.log
from attempts a join tasks t on t.run_id = a.run_id and t.position = a.position;

-- What became of each task at each slot of the timetable.
create view readable_slots as
select l.entry, to_timestamp(l.slot / 1e6) as slot_at, l.group_name, l.name, l.command,
    l.state, l.cause, s.run_id as run, t.outcome, t.reason,
    to_timestamp(s.claimed_at / 1e6) as claimed_at
from ledger l
join slots s on s.entry = l.entry and s.slot = l.slot
left join tasks t on t.run_id = s.run_id and t.position = l.position;

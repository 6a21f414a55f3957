-- A run by hand may settle tasks at slots that are past, of several entries and of slots that
-- another run had: the row itself says which run that was. Null where it is the slot's. The
-- same as in ../postgres.

alter table ledger add column run_id text;
create index ledger_by_run on ledger (run_id) where run_id is not null;

-- What became of each task at each slot of the timetable.
drop view readable_slots;
create view readable_slots as
select l.entry, strftime('%Y-%m-%dT%H:%M:%fZ', l.slot / 1e6, 'unixepoch') as slot_at, l.group_name, l.name, l.command,
    l.state, l.cause, coalesce(l.run_id, s.run_id) as run, t.outcome, t.reason,
    strftime('%Y-%m-%dT%H:%M:%fZ', s.claimed_at / 1e6, 'unixepoch') as claimed_at
from ledger l
join slots s on s.entry = l.entry and s.slot = l.slot
left join tasks t on t.run_id = coalesce(l.run_id, s.run_id) and t.position = l.position;

-- The newest runs and the last success of a collector of one group are one step away, however
-- many other groups run the same collector. The same indexes as in ../sqlite.

create index tasks_of_group on tasks (group_name, command, run_started_at, run_id);
create index tasks_of_group_by_end on tasks (group_name, command, outcome, run_started_at, run_id);

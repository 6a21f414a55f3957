-- What a run that waits is for, what a worker must be able to execute for it, and which releases a
-- delivery dealt with; who executes the runs of a scheduler. The same columns as in ../sqlite.

-- The tasks that are to run (group, name, command), as a JSON document: for whoever looks before a
-- worker has the run. Empty of a run that an earlier version gave to the queue.
alter table queued_runs add column tasks text not null default '[]';
-- Their commands, each once.
alter table queued_runs add column commands jsonb not null default '[]';

-- Of the commands of runs that wait, those for which nothing can be executed there; null of a worker of
-- an earlier version, which does not say.
alter table workers add column lacks_commands jsonb;

-- The releases that the task of a delivery has dealt with by it, and their source: whoever takes the
-- run of a lost worker over settles them. None where it was run for none.
alter table ingests add column release_source text;
alter table ingests add column releases jsonb not null default '[]';

-- Whether workers execute its runs, or its own process; null of a scheduler of an earlier version.
alter table beats add column to_queue boolean;

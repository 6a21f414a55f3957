-- Runs that wait for a worker, and the workers. The same tables as in ../postgres; here a
-- single process could be both.

-- A run that was given to the queue: its plan, and who may execute it until when. It is the
-- truth about that; the message of the queue only leads a worker here.
create table queued_runs (
    run_id      text   not null primary key,
    -- Of those with the same one, no two run at a time.
    entry       text   not null,
    schedule    text   not null,
    group_name  text,
    -- Whether the timetable made it: such a run waits while its group is paused.
    scheduled   integer not null,
    -- What plan.json has, and its version.
    plan        text   not null,
    version     integer not null,
    -- Labels that a worker must have, and secrets that it must know: lists of names.
    labels      text  not null,
    secrets     text  not null,
    -- How long a worker keeps it without a word.
    lease_ms    integer not null,
    on_lost     text   not null check (on_lost in ('resume', 'fail')),
    queued_at   integer not null,
    -- Its message (msg_id): runs of an entry follow each other in this order.
    message     integer not null,
    -- How often the message was shown, and until when it is hidden. The queue keeps both itself
    -- where there is one; here they are for SQLite.
    shown       integer not null default 0,
    hidden      integer not null default 0,
    state       text   not null default 'queued' check (state in ('queued', 'running', 'ended')),
    -- The showing by which it was last claimed: every write names it, and an older one is refused.
    epoch       integer not null default 0,
    -- How many claims ended without a word.
    losses      integer not null default 0,
    -- Who has it, or had it last.
    worker      text,
    -- By the clock of the database.
    lease_until integer not null default 0,
    -- When somebody wanted it to end.
    cancelled_at integer,
    check (state <> 'running' or worker is not null)
);

create unique index queued_runs_running on queued_runs (entry) where state = 'running';
create unique index queued_runs_message on queued_runs (message);
create index queued_runs_open on queued_runs (message, entry) where state <> 'ended';

-- Who executes queued runs, or did when it last said so. Instants are the database's.
create table workers (
    name          text   not null primary key,
    owner_host    text   not null,
    owner_boot    text   not null,
    owner_pid     integer not null,
    owner_start   integer not null,
    -- Of the program.
    version       text   not null,
    state         text   not null check (state in ('working', 'draining', 'gone')),
    capacity      integer not null,
    labels        text  not null,
    -- Secrets of its settings that have no value there.
    lacks         text  not null,
    started_at    integer not null,
    seen_at       integer not null,
    -- How far its clock is ahead of the database's.
    clock_skew_ms integer
);

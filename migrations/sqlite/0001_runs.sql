-- Runs, their tasks, the attempts at them, and the ledger of slots. The same
-- tables as in ../postgres; a test compares them.
--
-- Instants are microseconds since 1970-01-01T00:00:00Z.

create table runs (
    id          text    not null primary key,
    schedule    text    not null,
    group_name  text,
    started_at  integer not null,
    finished_at integer,
    succeeded   integer not null default 0,
    failed      integer not null default 0,
    skipped     integer not null default 0,
    success     integer check (success in (0, 1)),
    -- What orchestrate exited with; null for a run that is lost: nobody saw it.
    exit_code   integer,
    -- Why the run has no end of its own, if it has none.
    lost        text,
    -- How many events of its journal are in here.
    events      integer not null default 0,
    owner_host  text    not null,
    owner_boot  text    not null,
    owner_pid   integer not null,
    owner_start integer not null,
    check ((finished_at is null) = (success is null)),
    check ((finished_at is null or lost is not null) = (exit_code is null)),
    check (lost is null or finished_at is not null)
) strict;

create index runs_by_start on runs (started_at, id);
create index runs_unfinished on runs (started_at, id) where finished_at is null;

create table tasks (
    run_id         text    not null references runs (id) on delete cascade,
    position       integer not null,
    -- The run's own, so that the newest runs of a collector are at hand.
    run_started_at integer not null,
    group_name     text    not null,
    command        text    not null,
    args           text    not null check (json_valid(args)),
    schedule       text    not null,
    outcome        text    check (outcome in
        ('succeeded', 'failed', 'timed_out', 'cancelled', 'not_started', 'skipped', 'lost')),
    exit_code      integer,
    signal         text,
    reason         text,
    category       text,
    hint           text,
    attempts       integer not null default 0,
    duration_ms    integer not null default 0,
    max_rss_bytes  integer not null default 0,
    cpu_ms         integer not null default 0,
    stdout_bytes   integer not null default 0,
    stderr_bytes   integer not null default 0,
    lines          integer not null default 0,
    truncated      integer not null default 0 check (truncated in (0, 1)),
    leftovers      text    not null default '[]' check (json_valid(leftovers)),
    log            text,
    tail           text    not null default '[]' check (json_valid(tail)),
    primary key (run_id, position),
    check ((outcome is null) = (reason is null))
) strict, without rowid;

create index tasks_by_command on tasks (command, run_started_at, run_id, group_name, outcome);
create index tasks_by_group on tasks (group_name, run_started_at, run_id, outcome);
create index tasks_by_outcome on tasks (outcome, run_started_at, run_id);

create table attempts (
    run_id      text    not null,
    position    integer not null,
    number      integer not null check (number >= 1),
    started_at  integer not null,
    finished_at integer,
    outcome     text    check (outcome in
        ('succeeded', 'failed', 'timed_out', 'cancelled', 'not_started', 'lost')),
    exit_code   integer,
    signal      text,
    reason      text,
    log         text    not null,
    primary key (run_id, position, number),
    foreign key (run_id, position) references tasks (run_id, position) on delete cascade,
    check ((finished_at is null) = (outcome is null)),
    check ((outcome is null) = (reason is null))
) strict, without rowid;

-- A slot of the timetable and who took it: one row, so one scheduler.
create table slots (
    entry      text    not null,
    slot       integer not null,
    claimed_at integer not null,
    -- Null for a slot that nobody ran.
    run_id     text,
    primary key (entry, slot)
) strict, without rowid;

create index slots_by_run on slots (run_id) where run_id is not null;

-- What became of each task at each slot.
create table ledger (
    entry      text    not null,
    slot       integer not null,
    group_name text    not null,
    command    text    not null,
    -- Counted from 1: a group may name a collector more than once.
    occurrence integer not null check (occurrence >= 1),
    -- Its place in the run; null for a task that was not in its plan.
    position   integer,
    state      text    not null check (state in ('due', 'ran', 'skipped', 'missed', 'unknown')),
    cause      text,
    primary key (entry, slot, group_name, command, occurrence),
    foreign key (entry, slot) references slots (entry, slot) on delete cascade,
    check (state not in ('skipped', 'missed', 'unknown') or cause is not null)
) strict, without rowid;

create index ledger_by_command on ledger (command, slot);

-- Runs, their tasks, the attempts at them, and the ledger of slots. The same
-- tables as in ../sqlite; a test compares them.
--
-- Instants are microseconds since 1970-01-01T00:00:00Z. Ids are compared byte by
-- byte (collate "C"), so that they sort by time and a prefix is a range.

create table runs (
    id          text   collate "C" not null primary key,
    schedule    text   not null,
    group_name  text,
    started_at  bigint not null,
    finished_at bigint,
    succeeded   bigint not null default 0,
    failed      bigint not null default 0,
    skipped     bigint not null default 0,
    success     boolean,
    -- What orchestrate exited with; null for a run that is lost: nobody saw it.
    exit_code   bigint,
    -- Why the run has no end of its own, if it has none.
    lost        text,
    -- How many events of its journal are in here.
    events      bigint not null default 0,
    owner_host  text   not null,
    owner_boot  text   not null,
    owner_pid   bigint not null,
    owner_start bigint not null,
    check ((finished_at is null) = (success is null)),
    check ((finished_at is null or lost is not null) = (exit_code is null)),
    check (lost is null or finished_at is not null)
);

create index runs_by_start on runs (started_at, id);
create index runs_unfinished on runs (started_at, id) where finished_at is null;

create table tasks (
    run_id         text   collate "C" not null references runs (id) on delete cascade,
    position       bigint not null,
    -- The run's own, so that the newest runs of a collector are at hand.
    run_started_at bigint not null,
    group_name     text   not null,
    command        text   not null,
    args           jsonb  not null,
    schedule       text   not null,
    outcome        text   check (outcome in
        ('succeeded', 'failed', 'timed_out', 'cancelled', 'not_started', 'skipped', 'lost')),
    exit_code      bigint,
    signal         text,
    reason         text,
    category       text,
    hint           text,
    attempts       bigint not null default 0,
    duration_ms    bigint not null default 0,
    max_rss_bytes  bigint not null default 0,
    cpu_ms         bigint not null default 0,
    stdout_bytes   bigint not null default 0,
    stderr_bytes   bigint not null default 0,
    lines          bigint not null default 0,
    truncated      boolean not null default false,
    leftovers      jsonb  not null default '[]',
    log            text,
    tail           jsonb  not null default '[]',
    primary key (run_id, position),
    check ((outcome is null) = (reason is null))
);

create index tasks_by_command on tasks (command, run_started_at, run_id, group_name, outcome);
create index tasks_by_group on tasks (group_name, run_started_at, run_id, outcome);
create index tasks_by_outcome on tasks (outcome, run_started_at, run_id);

create table attempts (
    run_id      text   collate "C" not null,
    position    bigint not null,
    number      bigint not null check (number >= 1),
    started_at  bigint not null,
    finished_at bigint,
    outcome     text   check (outcome in
        ('succeeded', 'failed', 'timed_out', 'cancelled', 'not_started', 'lost')),
    exit_code   bigint,
    signal      text,
    reason      text,
    log         text   not null,
    primary key (run_id, position, number),
    foreign key (run_id, position) references tasks (run_id, position) on delete cascade,
    check ((finished_at is null) = (outcome is null)),
    check ((outcome is null) = (reason is null))
);

-- A slot of the timetable and who took it: one row, so one scheduler.
create table slots (
    entry      text   not null,
    slot       bigint not null,
    claimed_at bigint not null,
    -- Null for a slot that nobody ran.
    run_id     text   collate "C",
    primary key (entry, slot)
);

create index slots_by_run on slots (run_id) where run_id is not null;

-- What became of each task at each slot.
create table ledger (
    entry      text   not null,
    slot       bigint not null,
    group_name text   not null,
    command    text   not null,
    -- Counted from 1: a group may name a collector more than once.
    occurrence bigint not null check (occurrence >= 1),
    -- Its place in the run; null for a task that was not in its plan.
    position   bigint,
    state      text   not null check (state in ('due', 'ran', 'skipped', 'missed', 'unknown')),
    cause      text,
    primary key (entry, slot, group_name, command, occurrence),
    foreign key (entry, slot) references slots (entry, slot) on delete cascade,
    check (state not in ('skipped', 'missed', 'unknown') or cause is not null)
);

create index ledger_by_command on ledger (command, slot);

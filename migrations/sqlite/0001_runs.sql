-- Runs, their tasks and the attempts at them. Instants are microseconds since
-- 1970-01-01T00:00:00Z, as they will be in PostgreSQL.

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
    exit_code   integer,
    check ((finished_at is null) = (exit_code is null)),
    check ((finished_at is null) = (success is null))
) strict;

create index runs_by_start on runs (started_at);

create table tasks (
    run_id        text    not null references runs (id) on delete cascade,
    position      integer not null,
    group_name    text    not null,
    command       text    not null,
    args          text    not null check (json_valid(args)),
    schedule      text    not null,
    outcome       text    check (outcome in
        ('succeeded', 'failed', 'timed_out', 'cancelled', 'not_started', 'skipped', 'lost')),
    exit_code     integer,
    signal        text,
    reason        text,
    category      text,
    hint          text,
    attempts      integer not null default 0,
    duration_ms   integer not null default 0,
    max_rss_bytes integer not null default 0,
    cpu_ms        integer not null default 0,
    stdout_bytes  integer not null default 0,
    stderr_bytes  integer not null default 0,
    lines         integer not null default 0,
    truncated     integer not null default 0 check (truncated in (0, 1)),
    leftovers     text    not null default '[]' check (json_valid(leftovers)),
    log           text,
    tail          text    not null default '[]' check (json_valid(tail)),
    primary key (run_id, position),
    check ((outcome is null) = (reason is null))
) strict, without rowid;

create index tasks_by_command on tasks (command, run_id);

create table attempts (
    run_id      text    not null,
    position    integer not null,
    number      integer not null check (number >= 1),
    started_at  integer not null,
    finished_at integer,
    outcome     text,
    exit_code   integer,
    signal      text,
    reason      text,
    log         text    not null,
    primary key (run_id, position, number),
    foreign key (run_id, position) references tasks (run_id, position) on delete cascade,
    check ((finished_at is null) = (outcome is null))
) strict, without rowid;

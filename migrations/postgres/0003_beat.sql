-- The scheduler: which one leads, since when it knows a task, which groups are paused.

-- Who took a slot, so that one which was taken and never begun can be settled later.
alter table slots add column owner_host text;
alter table slots add column owner_boot text;
alter table slots add column owner_pid bigint;
alter table slots add column owner_start bigint;

create index ledger_due on ledger (entry, slot) where state = 'due';

-- Schedulers that are alive, or were when they last said so.
create table beats (
    owner_host     text    not null,
    owner_boot     text    not null,
    owner_pid      bigint not null,
    owner_start    bigint not null,
    state          text    not null check (state in ('leading', 'standby')),
    started_at     bigint not null,
    seen_at        bigint not null,
    -- When it last looked at the timetable, and when it will next.
    ticked_at      bigint,
    next_at        bigint,
    schedule_file  text    not null,
    -- Why the file is not in force as it is now, if it is not.
    schedule_error text,
    primary key (owner_host, owner_boot, owner_pid, owner_start)
);

create unique index beats_leading on beats (state) where state = 'leading';

-- Since when each task is in the timetable as it is: no older slot is its own.
create table timetable (
    entry      text    not null,
    group_name text    not null,
    command    text    not null,
    rhythm     text    not null,
    since      bigint not null,
    primary key (entry, group_name, command, rhythm)
);

create table pauses (
    group_name text    not null,
    paused_at  bigint not null,
    -- Null while it goes on.
    resumed_at bigint,
    primary key (group_name, paused_at),
    check (resumed_at is null or resumed_at >= paused_at)
);

create unique index pauses_open on pauses (group_name) where resumed_at is null;

-- Notices: what somebody is to be told, and whether they were. The same tables as in
-- ../postgres.

-- Whether the ends of the run's tasks have been looked at; nobody is told of what was
-- there before.
alter table runs add column judged integer not null default 1 check (judged in (0, 1));

create index runs_unjudged on runs (started_at, id) where judged = 0;

create table notices (
    -- What it is about: a task of a run, a slot.
    subject      text    not null,
    channel      text    not null,
    kind         text    not null check (kind in ('failure', 'suspect', 'recovery', 'missed')),
    group_name   text    not null,
    command      text    not null,
    run_id       text,
    at           integer not null,
    reason       text    not null,
    in_a_row     integer not null,
    -- Deliveries that were tried.
    tries        integer not null default 0,
    -- Not before this.
    next_try_at  integer not null,
    -- Of the last try that failed.
    error        text,
    delivered_at integer,
    -- It was tried for too long.
    given_up_at  integer,
    primary key (subject, channel),
    check (delivered_at is null or given_up_at is null)
) strict, without rowid;

create index notices_due on notices (next_try_at) where delivered_at is null and given_up_at is null;
create index notices_by_time on notices (at);

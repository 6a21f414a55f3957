-- Notices: what somebody is to be told, and whether they were. The same tables as in
-- ../sqlite.

-- Whether the ends of the run's tasks have been looked at; nobody is told of what was
-- there before.
alter table runs add column judged boolean not null default true;

create index runs_unjudged on runs (started_at, id) where not judged;

create table notices (
    -- What it is about: a task of a run, a slot.
    subject      text    not null,
    channel      text    not null,
    kind         text    not null check (kind in ('failure', 'suspect', 'recovery', 'missed')),
    group_name   text    not null,
    command      text    not null,
    run_id       text,
    at           bigint not null,
    reason       text    not null,
    in_a_row     bigint not null,
    -- Deliveries that were tried.
    tries        bigint not null default 0,
    -- Not before this.
    next_try_at  bigint not null,
    -- Of the last try that failed.
    error        text,
    delivered_at bigint,
    -- It was tried for too long.
    given_up_at  bigint,
    primary key (subject, channel),
    check (delivered_at is null or given_up_at is null)
);

create index notices_due on notices (next_try_at) where delivered_at is null and given_up_at is null;
create index notices_by_time on notices (at);

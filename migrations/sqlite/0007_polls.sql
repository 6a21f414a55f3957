-- Looks for releases between batches, and notices of slots that begin late. The same
-- columns as in ../postgres.

-- Why nobody can tell whether there is a new release, if so.
alter table beats add column release_error text;

-- SQLite cannot change a check.
create table notices_new (
    -- What it is about: a task of a run, a slot.
    subject      text    not null,
    channel      text    not null,
    kind         text    not null check (kind in ('failure', 'suspect', 'recovery', 'missed', 'late')),
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

insert into notices_new select * from notices;
drop table notices;
alter table notices_new rename to notices;

create index notices_due on notices (next_try_at) where delivered_at is null and given_up_at is null;
create index notices_by_time on notices (at);

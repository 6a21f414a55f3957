-- Releases that were ever found, and which task has dealt with which of them. The
-- same tables as in ../postgres.

create table releases (
    tag           text    not null primary key,
    first_seen_at integer not null
) strict, without rowid;

create table releases_handled (
    tag        text    not null,
    group_name text    not null,
    command    text    not null,
    handled_at integer not null,
    -- Null if somebody said so by hand.
    run_id     text,
    primary key (tag, group_name, command)
) strict, without rowid;

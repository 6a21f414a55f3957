-- Releases that were ever found, and which task has dealt with which of them. The
-- same tables as in ../sqlite.

create table releases (
    tag           text    not null primary key,
    first_seen_at bigint not null
);

create table releases_handled (
    tag        text    not null,
    group_name text    not null,
    command    text    not null,
    handled_at bigint not null,
    -- Null if somebody said so by hand.
    run_id     text,
    primary key (tag, group_name, command)
);

-- Who did what by hand: written before it is done, and completed afterwards. The same table as
-- in ../postgres.

create table actions (
    id       integer not null primary key,
    at       integer not null,
    -- The name of the token, and what it allowed then.
    actor    text    not null,
    role     text    not null check (role in ('viewer', 'operator')),
    verb     text    not null check (verb in
        ('sign_in', 'sign_out', 'run', 'cancel', 'retry', 'pause', 'resume')),
    -- What it was done to: a group, group/name, a run; empty for who signs in.
    target   text    not null,
    -- The arguments that a collector was given instead of its own, a JSON array.
    args     text,
    -- Why, in the words of whoever did it.
    note     text,
    -- The run that it begins.
    run_id   text,
    -- What makes a second asking the same as the first: SHA-256 of actor and key, in hexadecimal;
    -- and SHA-256 of what was asked for.
    key      text,
    request  text,
    outcome  text    not null check (outcome in ('begun', 'done', 'refused', 'failed')),
    -- What came of it, where that is more than the outcome says.
    message  text,
    ended_at integer
) strict;

create unique index actions_by_key on actions (key) where key is not null;
create index actions_by_run on actions (run_id) where run_id is not null;
create index actions_by_target on actions (target, id);
create index actions_by_time on actions (at);

-- What the collectors of queued runs wrote, for whoever looks from another machine. The file of the
-- worker is the truth; here is the newest part of it, for as long as the run is kept. The same
-- table as in ../postgres.
create table log_chunks (
    run_id text    not null references runs (id) on delete cascade,
    -- The file, relative to the state directory of its worker: as the attempt has it.
    log    text    not null,
    -- Where in the file it begins, and how many bytes of the file it is.
    first  integer not null,
    length integer not null check (length >= 0),
    -- Whether the file ends with it.
    last   integer not null,
    -- These bytes, as raw DEFLATE (RFC 1951): secrets are masked in them already.
    data   blob    not null,
    primary key (run_id, log, first)
) strict;

-- Which run of an entry is next, and who ran it last: asked for each run that a worker is offered, so
-- that a long queue and a long past cost nothing.
create index queued_runs_ahead on queued_runs (entry, message) where state <> 'ended';
create index queued_runs_behind on queued_runs (entry, message) where state = 'ended';

-- Who may look and who may act: tokens, of which only the hash is kept, and the browsers that
-- have signed in with one. The same tables as in ../postgres.

create table tokens (
    name         text    not null primary key,
    role         text    not null check (role in ('viewer', 'operator')),
    -- SHA-256 of the token, in hexadecimal.
    hash         text    not null,
    created_at   integer not null,
    expires_at   integer,
    revoked_at   integer,
    last_used_at integer
) strict, without rowid;

create unique index tokens_by_hash on tokens (hash);

create table sessions (
    -- SHA-256 of the cookie, in hexadecimal.
    hash         text    not null primary key,
    token        text    not null references tokens (name) on delete cascade,
    created_at   integer not null,
    expires_at   integer not null
) strict, without rowid;

create index sessions_by_token on sessions (token);

-- Who may look and who may act: tokens, of which only the hash is kept, and the browsers that
-- have signed in with one. The same tables as in ../sqlite.

create table tokens (
    name         text    not null primary key,
    role         text    not null check (role in ('viewer', 'operator')),
    -- SHA-256 of the token, in hexadecimal.
    hash         text    not null,
    created_at   bigint not null,
    expires_at   bigint,
    revoked_at   bigint,
    last_used_at bigint
);

create unique index tokens_by_hash on tokens (hash);

create table sessions (
    -- SHA-256 of the cookie, in hexadecimal.
    hash         text    not null primary key,
    token        text    not null references tokens (name) on delete cascade,
    created_at   bigint not null,
    expires_at   bigint not null
);

create index sessions_by_token on sessions (token);

-- Looks for releases between batches, and notices of slots that begin late. The same
-- columns as in ../sqlite.

-- Why nobody can tell whether there is a new release, if so.
alter table beats add column release_error text;

alter table notices drop constraint notices_kind_check;
alter table notices add constraint notices_kind_check
    check (kind in ('failure', 'suspect', 'recovery', 'missed', 'late'));

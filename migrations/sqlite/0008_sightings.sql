-- When a record was last seen, without writing the record. The same tables and views as
-- in ../postgres; docs/design/0012 says why.

-- Whether it stands for a sighting of every record of its collection that has none of
-- its own.
alter table deliveries add column census integer not null default 0 check (census in (0, 1));

create index deliveries_census on deliveries (collection, ingest) where census;

-- The delivery that last saw a record, where its last change and the newest census of
-- its collection do not tell: a record was last seen by its sighting or, if it has
-- none, by that census; but never before it last changed.
create table sightings (
    collection text    not null,
    key        text    not null,
    ingest     integer not null,
    primary key (collection, key)
) strict, without rowid;

-- The delivery that saw most of a collection last becomes its census.
update deliveries set census = 1 where (collection, ingest) in (
    select collection, seen_ingest from (
        select collection, seen_ingest, row_number() over (
            partition by collection order by count(*) desc, seen_ingest desc) as place
        from records where seen_ingest > changed_ingest group by collection, seen_ingest) as counted
    where place = 1);

insert into sightings (collection, key, ingest)
select r.collection, r.key, r.seen_ingest
from records r left join deliveries w on w.collection = r.collection and w.census
where r.seen_ingest <> max(r.changed_ingest, coalesce(w.ingest, 0))
order by r.collection, r.key;

drop view current_records;

alter table records drop column seen_ingest;

create view current_records as
select r.collection, r.key, r.data,
    strftime('%Y-%m-%dT%H:%M:%fZ', f.at / 1e6, 'unixepoch') as first_seen, f.run_id as first_run,
    strftime('%Y-%m-%dT%H:%M:%fZ', c.at / 1e6, 'unixepoch') as changed_at, c.run_id as changed_run,
    strftime('%Y-%m-%dT%H:%M:%fZ', s.at / 1e6, 'unixepoch') as seen_at, s.run_id as seen_run
from records r
left join sightings n on n.collection = r.collection and n.key = r.key
left join (select collection, max(ingest) as ingest from deliveries where census group by collection) w
    on w.collection = r.collection
join ingests f on f.id = r.first_ingest
join ingests c on c.id = r.changed_ingest
join ingests s on s.id = max(r.changed_ingest, coalesce(n.ingest, w.ingest, 0));

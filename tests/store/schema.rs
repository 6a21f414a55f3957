//! The two schemas say the same: tables, columns, nullability, keys, indexes.

use std::path::Path;

use crate::both::runtime;
use crate::cluster::{cluster, name_of};
use crate::run_events::Home;

/// One line for each column: table, name, type, nullability, place in the primary key.
fn normalised(lines: &str) -> Vec<String> {
    let mut lines: Vec<String> = lines
        .lines()
        .map(|line| {
            line.to_lowercase()
                // SQLite has no other whole numbers, no booleans and no JSON.
                .replace("|bigint|", "|integer|")
                .replace("|boolean|", "|integer|")
                .replace("|bytea|", "|blob|")
                .replace("|jsonb|", "|text|")
                .replace("|json|", "|text|")
        })
        .collect();
    lines.sort();
    lines
}

fn sqlite(file: &Path, sql: &str) -> String {
    let rows = runtime().block_on(async {
        let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display()))
            .await
            .unwrap();
        let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .fetch_all(&pool)
            .await
            .unwrap();
        pool.close().await;
        rows
    });
    rows.into_iter()
        .map(|(line,)| line)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn both_schemas_agree() {
    let home = Home::new(None);
    let other = Home::new(Some(cluster().database()));
    runtime().block_on(async {
        home.open().await.close().await;
        other.open().await.close().await;
    });
    let file = home.path().join("orchestrate.db");
    let database = name_of(other.url.as_deref().unwrap()).to_owned();
    let psql = |sql: &str| cluster().psql(&database, sql);

    let columns = normalised(&sqlite(
        &file,
        "select m.name || '|' || c.name || '|' || c.type || '|' || c.\"notnull\" || '|' || c.pk
         from sqlite_master m, pragma_table_info(m.name) c
         where m.type = 'table' and m.name not like '\\_sqlx%' escape '\\' and m.name not like 'sqlite%'",
    ));
    let postgres = normalised(&psql(
        "select c.table_name || '|' || c.column_name || '|' || c.data_type || '|'
             || (c.is_nullable = 'NO')::int || '|' || coalesce(k.ordinal_position, 0)
         from information_schema.columns c
         join information_schema.tables b on b.table_schema = c.table_schema
             and b.table_name = c.table_name and b.table_type = 'BASE TABLE'
         left join information_schema.table_constraints t
             on t.table_name = c.table_name and t.constraint_type = 'PRIMARY KEY'
         left join information_schema.key_column_usage k
             on k.constraint_name = t.constraint_name and k.table_name = c.table_name
                and k.column_name = c.column_name
         where c.table_schema = 'orchestrate' and c.table_name not like '\\_sqlx%'",
    ));
    assert!(columns.len() > 40, "{columns:?}");
    assert_eq!(columns, postgres);

    let keys = normalised(&sqlite(
        &file,
        "select m.name || '|' || f.\"table\" || '|' || group_concat(f.\"from\" || '=' || f.\"to\") || '|' || f.on_delete
         from sqlite_master m, pragma_foreign_key_list(m.name) f
         where m.type = 'table' group by m.name, f.id",
    ));
    let postgres = normalised(&psql(
        "select conrelid::regclass || '|' || confrelid::regclass || '|'
             || (select string_agg(a.attname || '=' || b.attname, ',' order by n)
                 from unnest(conkey, confkey) with ordinality as u(x, y, n)
                 join pg_attribute a on a.attrelid = conrelid and a.attnum = x
                 join pg_attribute b on b.attrelid = confrelid and b.attnum = y)
             || '|' || case confdeltype when 'c' then 'cascade' else confdeltype::text end
         from pg_constraint where contype = 'f'",
    ));
    assert_eq!(keys, postgres);

    let indexes = normalised(&sqlite(
        &file,
        "select m.name || '|' || (select group_concat(name) from pragma_index_info(m.name))
         from sqlite_master m where m.type = 'index' and m.sql is not null",
    ));
    let postgres = normalised(&psql(
        "select i.relname || '|' || string_agg(a.attname, ',' order by a.attnum)
         from pg_index x join pg_class i on i.oid = x.indexrelid join pg_attribute a on a.attrelid = i.oid
         where not x.indisprimary and i.relnamespace = 'orchestrate'::regnamespace group by i.relname",
    ));
    assert_eq!(indexes, postgres);

    // What people and programs may rely on; times are texts on SQLite, which has no others.
    let views = normalised(&sqlite(
        &file,
        "select m.name || '|' || group_concat(c.name) from sqlite_master m, pragma_table_info(m.name) c
         where m.type = 'view' group by m.name",
    ));
    let postgres = normalised(&psql(
        "select table_name || '|' || string_agg(column_name, ',' order by ordinal_position)
         from information_schema.columns join information_schema.views using (table_schema, table_name)
         where table_schema = 'orchestrate' group by table_name",
    ));
    assert_eq!(views.len(), 7, "{views:?}");
    assert_eq!(views, postgres);
}

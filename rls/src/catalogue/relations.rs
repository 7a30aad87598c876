//! Tables and views with their columns, keys and indexes.

use std::collections::BTreeMap;

use policy_core::catalogue::{Column, ForeignKey, Index, Relation, RelationKind};
use postgres::Transaction;

use super::{CatalogueError, expressions, failure, triggers};

/// Row-level security means the same as in a plain table only without rules and inheritance.
const RELATIONS: &str = "
select c.relname::text,
       case
         when c.relkind = 'v' then 'view'
         when c.relkind = 'r' and not c.relispartition
          and not exists (select from pg_catalog.pg_rewrite r where r.ev_class = c.oid)
          and not exists (select from pg_catalog.pg_inherits i where c.oid in (i.inhrelid, i.inhparent))
           then 'table'
         else 'other'
       end,
       coalesce((select o.option_value::boolean from pg_catalog.pg_options_to_table(c.reloptions) o
                 where o.option_name = 'security_invoker'), false)
from pg_catalog.pg_class c
where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1)
  and c.relkind in ('r', 'v', 'p', 'm', 'f')
  and not exists (select from pg_catalog.pg_depend d
                  where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.relname collate \"C\"";

const COLUMNS: &str = "
select c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),
       not a.attnotnull, a.attgenerated <> '' or a.attidentity = 'a', a.attidentity = 'd',
       pg_catalog.pg_get_expr(d.adbin, d.adrelid),
       array(select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = a.atttypid order by e.enumsortorder),
       array(select pg_catalog.pg_get_expr(k.conbin, k.conrelid) from pg_catalog.pg_constraint k
             where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum] order by k.conname),
       coalesce((select o.collname::text from pg_catalog.pg_collation o
                 where o.oid = a.attcollation and o.oid <> 'pg_catalog.\"default\"'::pg_catalog.regcollation), '')
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1)
order by c.relname collate \"C\", a.attnum";

/// What Countersign adds is left out: the snapshot describes what a policy starts from.
const INDEXES: &str = "
select c.relname::text, i.indisprimary,
       i.indisunique and i.indexprs is null,
       array(select a.attname::text
             from pg_catalog.unnest(i.indkey::smallint[]) with ordinality k (attnum, position)
             join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
             where k.position <= i.indnkeyatts
               and k.position < coalesce((select pg_catalog.min(e.position)
                     from pg_catalog.unnest(i.indkey::smallint[]) with ordinality e (attnum, position)
                     where e.attnum = 0), 32767)
             order by k.position)
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indrelid
join pg_catalog.pg_class x on x.oid = i.indexrelid
join pg_catalog.pg_am m on m.oid = x.relam
where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1)
  and i.indisvalid and i.indpred is null and m.amname = 'btree'
  and not pg_catalog.starts_with(x.relname::text, 'countersign_')
order by c.relname collate \"C\", x.relname collate \"C\"";

const OTHER_INDEXES: &str = "
select c.relname::text, x.relname::text, m.amname::text,
       array(select coalesce(a.attname::text, '')
             from pg_catalog.unnest(i.indkey::smallint[]) with ordinality k (attnum, position)
             left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
             where k.position <= i.indnkeyatts order by k.position),
       coalesce(x.reloptions, '{}')
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indrelid
join pg_catalog.pg_class x on x.oid = i.indexrelid
join pg_catalog.pg_am m on m.oid = x.relam
where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1)
  and i.indisvalid and m.amname <> 'btree'
order by c.relname collate \"C\", x.relname collate \"C\"";

const FOREIGN_KEYS: &str = "
select c.relname::text, k.conname::text,
       array(select a.attname::text from pg_catalog.unnest(k.conkey) with ordinality u (attnum, position)
             join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum order by u.position),
       case when p.relnamespace = c.relnamespace then p.relname::text else n.nspname || '.' || p.relname end,
       array(select a.attname::text from pg_catalog.unnest(k.confkey) with ordinality u (attnum, position)
             join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum order by u.position),
       case k.confdeltype
         when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' when 'd' then 'set default'
         else 'no action'
       end || coalesce(' (' || (select pg_catalog.string_agg(a.attname, ', ' order by a.attnum)
                                from pg_catalog.pg_attribute a
                                where a.attrelid = k.conrelid and a.attnum = any (k.confdelsetcols)) || ')', '')
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_class p on p.oid = k.confrelid
join pg_catalog.pg_namespace n on n.oid = p.relnamespace
where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1) and k.contype = 'f'
order by c.relname collate \"C\", k.conname collate \"C\"";

pub(super) fn read(
    transaction: &mut Transaction<'_>,
    schema: &str,
) -> Result<Vec<Relation>, CatalogueError> {
    let failed = failure("the tables", schema);
    let mut columns = columns(transaction, schema).map_err(&failed)?;
    let mut keys = keys(transaction, schema).map_err(&failed)?;
    let mut foreign_keys = foreign_keys(transaction, schema).map_err(&failed)?;
    let mut others = other_indexes(transaction, schema).map_err(&failed)?;
    let mut triggers = triggers::read(transaction, schema).map_err(&failed)?;
    let rows = transaction.query(RELATIONS, &[&schema]).map_err(&failed)?;
    rows.iter()
        .map(|row| {
            let name: String = row.try_get(0)?;
            let kind = match row.try_get(1)? {
                "table" => RelationKind::Table,
                "view" => RelationKind::View,
                _ => RelationKind::Other,
            };
            let keys = keys.remove(&name).unwrap_or_default();
            Ok(Relation {
                columns: columns.remove(&name).unwrap_or_default(),
                primary_key: keys.primary,
                unique: keys.unique,
                foreign_keys: foreign_keys.remove(&name).unwrap_or_default(),
                indexes: keys.indexes,
                other_indexes: others.remove(&name).unwrap_or_default(),
                triggers: triggers.remove(&name).unwrap_or_default(),
                security_invoker: row.try_get(2)?,
                kind,
                name,
            })
        })
        .collect::<Result<_, _>>()
        .map_err(&failed)
}

fn columns(
    transaction: &mut Transaction<'_>,
    schema: &str,
) -> Result<BTreeMap<String, Vec<Column>>, postgres::Error> {
    let mut columns: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in transaction.query(COLUMNS, &[&schema])? {
        let checks: Vec<String> = row.try_get(8)?;
        let column = Column {
            name: row.try_get(1)?,
            data_type: row.try_get(2)?,
            nullable: row.try_get(3)?,
            default: expressions::default(row.try_get(4)?, row.try_get(5)?, row.try_get(6)?),
            labels: row.try_get(7)?,
            one_of: checks
                .iter()
                .find_map(|check| expressions::one_of(check))
                .unwrap_or_default(),
            collation: row.try_get(9)?,
        };
        columns.entry(row.try_get(0)?).or_default().push(column);
    }
    Ok(columns)
}

#[derive(Default)]
struct Keys {
    primary: Vec<String>,
    unique: Vec<Vec<String>>,
    indexes: Vec<Vec<String>>,
}

fn keys(
    transaction: &mut Transaction<'_>,
    schema: &str,
) -> Result<BTreeMap<String, Keys>, postgres::Error> {
    let mut keys: BTreeMap<String, Keys> = BTreeMap::new();
    for row in transaction.query(INDEXES, &[&schema])? {
        let of = keys.entry(row.try_get(0)?).or_default();
        let columns: Vec<String> = row.try_get(3)?;
        if columns.is_empty() {
            continue;
        }
        if row.try_get(1)? {
            of.primary.clone_from(&columns);
        } else if row.try_get(2)? {
            of.unique.push(columns.clone());
        }
        of.indexes.push(columns);
    }
    Ok(keys)
}

fn other_indexes(
    transaction: &mut Transaction<'_>,
    schema: &str,
) -> Result<BTreeMap<String, Vec<Index>>, postgres::Error> {
    let mut indexes: BTreeMap<String, Vec<Index>> = BTreeMap::new();
    for row in transaction.query(OTHER_INDEXES, &[&schema])? {
        let index = Index {
            name: row.try_get(1)?,
            method: row.try_get(2)?,
            columns: row.try_get(3)?,
            options: row.try_get(4)?,
        };
        indexes.entry(row.try_get(0)?).or_default().push(index);
    }
    Ok(indexes)
}

fn foreign_keys(
    transaction: &mut Transaction<'_>,
    schema: &str,
) -> Result<BTreeMap<String, Vec<ForeignKey>>, postgres::Error> {
    let mut keys: BTreeMap<String, Vec<ForeignKey>> = BTreeMap::new();
    for row in transaction.query(FOREIGN_KEYS, &[&schema])? {
        let key = ForeignKey {
            name: row.try_get(1)?,
            columns: row.try_get(2)?,
            table: row.try_get(3)?,
            references: row.try_get(4)?,
            on_delete: row.try_get(5)?,
        };
        keys.entry(row.try_get(0)?).or_default().push(key);
    }
    Ok(keys)
}

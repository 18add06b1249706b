import type { DataSource } from 'typeorm';

const TABLES = `select c.oid::int, c.relname as name, array_to_string(c.reloptions, ', ') as options
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind = 'r' and c.relname = any($2) order by c.relname`;

const COLUMNS = `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull",
  pg_get_expr(d.adbin, d.adrelid) as "default"
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`;

const CONSTRAINTS = `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
where conrelid = $1 and contype <> 'n' order by contype desc, conname`;

const INDEXES = `select pg_get_indexdef(indexrelid) as definition from pg_index
where indrelid = $1 and not exists (select from pg_constraint where conindid = indexrelid) order by 1`;

/** Tables of a schema as SQL: the same text for the same tables, whatever server they are on. */
export async function dumpSchema(dataSource: DataSource, tables: readonly string[]): Promise<string> {
  const { schema } = dataSource.options as { schema: string };
  const found = await dataSource.query<{ oid: number; name: string; options: string | null }[]>(TABLES, [
    schema,
    tables,
  ]);
  const dumps: string[] = [];
  for (const { oid, name, options } of found) {
    const columns = await dataSource.query<
      { name: string; type: string; notNull: boolean; default: string | null }[]
    >(COLUMNS, [oid]);
    const constraints = await dataSource.query<{ name: string; definition: string }[]>(CONSTRAINTS, [oid]);
    const indexes = await dataSource.query<{ definition: string }[]>(INDEXES, [oid]);
    const lines = [
      ...columns.map(column =>
        [
          column.name,
          column.type,
          column.notNull && 'not null',
          column.default && `default ${column.default}`,
        ]
          .filter(Boolean)
          .join(' '),
      ),
      ...constraints.map(constraint => `constraint ${constraint.name} ${constraint.definition}`),
    ];
    const table = `create table ${schema}.${name} (\n  ${lines.join(',\n  ')}\n)${options ? ` with (${options})` : ''};`;
    dumps.push([table, ...indexes.map(({ definition }) => `${definition};`)].join('\n'));
  }
  return `${dumps.join('\n\n')}\n`;
}

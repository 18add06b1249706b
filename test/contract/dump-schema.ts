import type { DataSource } from 'typeorm';

const TABLES = `select c.oid::int, c.relname as name, array_to_string(c.reloptions, ', ') as options
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind = 'r' and c.relname = any($2) order by c.relname`;

const COLUMNS = `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull",
  pg_get_expr(d.adbin, d.adrelid) as "default", (select option_value from pg_options_to_table(a.attoptions) where option_name = 'n_distinct') as "nDistinct"
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`;

const CONSTRAINTS = `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
where conrelid = $1 and contype <> 'n' order by contype desc, conname`;

const INDEXES = `select pg_get_indexdef(indexrelid) as definition from pg_index
where indrelid = $1 and not exists (select from pg_constraint where conindid = indexrelid) order by pg_get_indexdef(indexrelid) collate "C"`;

interface Table {
  readonly oid: number;
  readonly name: string;
  readonly options: string | null;
}

interface ColumnOf {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly nDistinct: string | null;
}

/** Tables of a schema as SQL: the same text for the same tables, whatever server they are on. */
export async function dumpSchema(dataSource: DataSource, tables: readonly string[]): Promise<string> {
  const { schema } = dataSource.options as { schema: string };
  const found = await dataSource.query<Table[]>(TABLES, [schema, tables]);
  const dumps: string[] = [];
  for (const table of found) dumps.push(await dumpTable(dataSource, schema, table));
  return `${dumps.join('\n\n')}\n`;
}

async function dumpTable(dataSource: DataSource, schema: string, table: Table): Promise<string> {
  const { oid, options } = table;
  const columns = await dataSource.query<ColumnOf[]>(COLUMNS, [oid]);
  const constraints = await dataSource.query<{ name: string; definition: string }[]>(CONSTRAINTS, [oid]);
  const indexes = await dataSource.query<{ definition: string }[]>(INDEXES, [oid]);
  const name = `${schema}.${table.name}`;
  const lines = [
    ...columns.map(columnText),
    ...constraints.map(constraint => `constraint ${constraint.name} ${constraint.definition}`),
  ];
  return [
    `create table ${name} (\n  ${lines.join(',\n  ')}\n)${options ? ` with (${options})` : ''};`,
    ...columns
      .filter(({ nDistinct }) => nDistinct)
      .map(column => `alter table ${name} alter ${column.name} set (n_distinct = ${column.nDistinct});`),
    ...indexes.map(({ definition }) => `${definition};`),
  ].join('\n');
}

function columnText(column: ColumnOf): string {
  const notNull = column.notNull ? ' not null' : '';
  const byDefault = column.default ? ` default ${column.default}` : '';
  return `${column.name} ${column.type}${notNull}${byDefault}`;
}

import { tables } from '../adapters/typeorm/tables.js';
import type { OpenedDatabase, TestDatabase } from '../runtime/test-seam.js';
import { EmbeddedFiles } from './embedded-files.js';

/** The database of an application under test: it has the time that it is told. */
export class MovableDatabase implements TestDatabase {
  private opened: OpenedDatabase | undefined;
  private clock = '';
  private isLoaded = false;

  /** @param start milliseconds since 1970 */
  constructor(private readonly start: number) {}

  async load(schema: string): Promise<Blob | undefined> {
    const files = await new EmbeddedFiles(schema).load();
    this.isLoaded = files !== undefined;
    return files;
  }

  async prepare(opened: OpenedDatabase): Promise<string> {
    const { schema, query, dump } = opened;
    this.opened = opened;
    this.clock = `"${schema}".test_clock`;
    await query(`create table if not exists ${this.clock} (now timestamptz not null)`);
    await query(
      `create or replace function ${this.clock}() returns timestamptz stable language sql as 'select now from ${this.clock}'`,
    );
    // Kept with the table: the next one need not make it.
    if (dump && !this.isLoaded) await new EmbeddedFiles(schema).keep(dump);
    await query(`delete from ${this.clock}`);
    await query(`insert into ${this.clock} values ($1)`, [new Date(this.start)]);
    return `${this.clock}()`;
  }

  /** Has it another time. Leases go along: nobody has died of it. */
  async setTime(time: number): Promise<void> {
    const { worker } = tables(this.schema);
    const moved = `update ${this.clock} c set now = $1 from (select now from ${this.clock}) b returning c.now - b.now as by`;
    await this.query(
      `with moved as (${moved}) update ${worker} set lease_until = lease_until + moved.by from moved`,
      [new Date(time)],
    );
  }

  /** Forgets every invocation, and what objects have; workers and schedules stay. */
  async forget(): Promise<void> {
    const { invocation, entry, object, state, signal, attachment, deadline } = tables(this.schema);
    for (const table of [entry, signal, attachment, deadline, state, object, invocation])
      await this.query(`delete from ${table}`);
  }

  private get schema(): string {
    return this.opened?.schema ?? '';
  }

  private async query(text: string, values?: unknown[]): Promise<void> {
    await this.opened?.query(text, values);
  }
}

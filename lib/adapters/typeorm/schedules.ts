import type { DataSource, EntityManager } from 'typeorm';
import type {
  DeclaredSchedule,
  Firing,
  ScheduleDefinition,
  ScheduleRecord,
  ScheduleStore,
  UpcomingSchedule,
} from '../../ports/schedules.js';
import { timestamp } from './parameters.js';
import type { ScheduleTuple, UpcomingTuple } from './schedule-rows.js';
import { definitionValues, isUpcoming, scheduleRecord, upcomingSchedule } from './schedule-rows.js';
import type { Statements } from './statements.js';

type Transaction = <T>(run: (manager: EntityManager) => Promise<T>) => Promise<T>;

/** The schedules of a {@link TypeOrmStore}. */
export class Schedules implements ScheduleStore {
  constructor(
    private readonly transaction: Transaction,
    private readonly dataSource: DataSource,
    private readonly sql: Statements,
  ) {}

  async now(): Promise<Date> {
    return (await this.upcoming([], 0)).now;
  }

  async upcoming(
    services: readonly string[],
    limit: number,
  ): Promise<{ readonly now: Date; readonly schedules: readonly UpcomingSchedule[] }> {
    const rows = await this.query<UpcomingTuple>(this.sql.scheduleUpcoming, [services, limit]);
    // There is always a row: the clock's.
    const now = new Date(Math.floor(rows[0]?.now ?? 0));
    return { now, schedules: rows.filter(isUpcoming).map(upcomingSchedule) };
  }

  async fire({ name, revision, nextAt, then, starts, skips }: Firing): Promise<'ok' | 'lost'> {
    return this.transaction(async manager => {
      const seen = [name, revision, timestamp(nextAt)];
      const locked = await manager.query<unknown[]>(this.sql.scheduleLock, seen);
      if (locked.length === 0) return 'lost';
      if (starts.length > 0) {
        const accepts = starts.map(({ invocation }) => invocation);
        const { text, values } = this.sql.commit({ accepts, entries: [], transitions: [], arrivals: [] });
        await manager.query(text, [...values]);
      }
      const last = starts.at(-1);
      const [slot, id] = last ? [timestamp(last.slot), last.invocation.id] : [null, null];
      await manager.query(this.sql.scheduleAdvance, [name, textOf(then), slot, id, skips ? 1 : 0]);
      return 'ok';
    });
  }

  async create(definition: ScheduleDefinition, nextAt: Date): Promise<'ok' | 'exists'> {
    const values = [...definitionValues(definition), timestamp(nextAt)];
    return (await this.isDone(this.sql.scheduleCreate, values)) ? 'ok' : 'exists';
  }

  async find(name: string): Promise<ScheduleRecord | undefined> {
    const [row] = await this.query<ScheduleTuple>(this.sql.scheduleFind, [name]);
    return row && scheduleRecord(row);
  }

  async list(): Promise<ScheduleRecord[]> {
    return (await this.query<ScheduleTuple>(this.sql.scheduleList, [])).map(scheduleRecord);
  }

  async pause(name: string): Promise<'ok' | 'not_found'> {
    return (await this.isDone(this.sql.schedulePause, [name])) ? 'ok' : 'not_found';
  }

  async resume(name: string, revision: number, nextAt: Date | null): Promise<'ok' | 'lost'> {
    const values = [name, revision, textOf(nextAt)];
    return (await this.isDone(this.sql.scheduleResume, values)) ? 'ok' : 'lost';
  }

  async remove(name: string): Promise<'ok' | 'not_found' | 'declared'> {
    if (await this.isDone(this.sql.scheduleRemove, [name])) return 'ok';
    return (await this.find(name)) ? 'declared' : 'not_found';
  }

  async declare(
    schedules: readonly (DeclaredSchedule & { readonly nextAt: Date })[],
    force: boolean,
  ): Promise<{ readonly taken: string[] }> {
    const rows = schedules.map(one => [...definitionValues(one), one.digest, timestamp(one.nextAt)]);
    const columns = Array.from({ length: DECLARED_COLUMNS }, (_, at) => rows.map(row => row[at]));
    const names = schedules.map(({ name }) => name);
    const declaring = this.transaction(async manager => {
      await manager.query(this.sql.scheduleHold, [names]);
      await manager.query(this.sql.scheduleDeclare, [...columns, force]);
      const taken = namesOf(await manager.query<{ name: string }[]>(this.sql.scheduleTaken, [names]));
      if (taken.length > 0) throw new Taken(taken);
    });
    try {
      await declaring;
    } catch (error) {
      if (error instanceof Taken) return { taken: error.names };
      throw error;
    }
    return { taken: [] };
  }

  async isAstray(services: readonly string[], names: readonly string[]): Promise<boolean> {
    const [row] = await this.query<{ astray: boolean }>(this.sql.scheduleAstray, [services, names]);
    return row?.astray === true;
  }

  async removeUndeclared(services: readonly string[], names: readonly string[]): Promise<string[]> {
    return this.transaction(async manager => {
      const locked = await manager.query<{ name: string }[]>(this.sql.scheduleUndeclared, [services, names]);
      if (locked.length === 0) return [];
      const undeclared = [namesOf(locked)];
      return namesOf(await manager.query<{ name: string }[]>(this.sql.scheduleRemoveUndeclared, undeclared));
    });
  }

  private async isDone(text: string, values: readonly unknown[]): Promise<boolean> {
    return (await this.query(text, values)).length > 0;
  }

  private query<Row>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return this.dataSource.query<Row[]>(text, [...values]);
  }
}

/** Columns of a definition, digest, next slot. */
const DECLARED_COLUMNS = 13;

/** Takes a transaction back. */
class Taken extends Error {
  constructor(readonly names: string[]) {
    super(names.join());
  }
}

function namesOf(rows: readonly { readonly name: string }[]): string[] {
  return rows.map(({ name }) => name);
}

function textOf(date: Date | null): string | null {
  return date && timestamp(date);
}

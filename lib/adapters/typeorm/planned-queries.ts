import { createHash } from 'node:crypto';
import { QueryFailedError, type DataSource, type QueryRunner } from 'typeorm';
import { bare } from './bare-errors.js';
import { sqlState } from './pg-errors.js';

/** The connection of a query runner, as pg makes it. */
interface Connection {
  /** What the other end said is the id of its process. */
  readonly processID?: number | null;
  query(config: { text: string; name?: string; values?: unknown[] }): Promise<{ readonly rows: unknown[] }>;
}

/** What is known of a connection. */
interface Session {
  /** Whether its other end keeps what it is told to keep, for us alone. */
  keepsPlans: boolean;
  /** Statements since its plans were made. */
  uses: number;
}

/**
 * Statements that one plan serves. The tables grow: what was planned while they were empty reads them from end to end,
 * until the server analyses them, a minute later.
 */
const PLAN_USES = 100;
/** Texts that get a name at the most: the server keeps the plans of each, on each connection. */
const MOST_NAMES = 200;

const FOR_ALL_VALUES = `set_config('plan_cache_mode', 'force_generic_plan', false)`;

/**
 * The server does not know a statement of this name, knows another, or cannot use its plan any more: in none of these was
 * anything executed.
 */
const PLAN_LOST: readonly unknown[] = ['26000', '42P05', '0A000'];

/**
 * Runs statements that come again and again: a connection that leads to a server and not to a pooler keeps their plans,
 * which take longer to make than to execute. Through a pooler they are planned each time, and nothing is kept in a session.
 */
export class PlannedQueries {
  private readonly sessions = new WeakMap<Connection, Session>();
  private readonly names = new Map<string, string>();

  /**
   * @param owns whether nobody else uses the connections, so that a setting may be left in them: without it the server
   *   goes on to plan what is cheap to execute
   */
  constructor(
    private readonly dataSource: DataSource,
    private readonly owns: boolean,
  ) {}

  /** The rows. Errors are those of TypeORM, without what the query was given. */
  async query<Row>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const runner = this.dataSource.createQueryRunner();
    try {
      return (await bare(this.on(runner, text, [...values]))) as Row[];
    } finally {
      await runner.release();
    }
  }

  private async on(runner: QueryRunner, text: string, values: unknown[]): Promise<unknown[]> {
    const connection = (await runner.connect()) as Connection;
    try {
      const session = await this.session(connection);
      const name = session.keepsPlans ? this.nameOf(text) : undefined;
      if (name === undefined) return (await connection.query({ text, values })).rows;
      return await this.named(connection, session, { name, text, values });
    } catch (error) {
      throw new QueryFailedError(text, undefined, error as Error);
    }
  }

  private async named(
    connection: Connection,
    session: Session,
    statement: { readonly name: string; readonly text: string; readonly values: unknown[] },
  ): Promise<unknown[]> {
    if (session.uses++ >= PLAN_USES) {
      session.uses = 0;
      await connection.query({ text: 'discard plans' });
    }
    try {
      return (await connection.query(statement)).rows;
    } catch (error) {
      if (!PLAN_LOST.includes(sqlState(error))) throw error;
      session.keepsPlans = false;
      const { text, values } = statement;
      return (await connection.query({ text, values })).rows;
    }
  }

  /** A pooler answers with an id of its own making, since it has a server for the length of a transaction only. */
  private async session(connection: Connection): Promise<Session> {
    const known = this.sessions.get(connection);
    if (known) return known;
    const { rows } = await connection.query({
      text: `select ${this.owns ? FOR_ALL_VALUES : 1} where pg_backend_pid() = $1::int`,
      values: [connection.processID ?? null],
    });
    const session = { keepsPlans: rows.length > 0, uses: 0 };
    this.sessions.set(connection, session);
    return session;
  }

  private nameOf(text: string): string | undefined {
    const known = this.names.get(text);
    if (known !== undefined || this.names.size >= MOST_NAMES) return known;
    // The same for the same text, whoever else uses the connection.
    const name = `durable_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
    this.names.set(text, name);
    return name;
  }
}

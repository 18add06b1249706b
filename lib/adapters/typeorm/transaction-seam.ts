import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { Logger } from '../../ports/logger.js';
import { UNWATCHED } from './shared-pool.js';
import { StepSession } from './step-session.js';

/** The transaction that the running code is in. */
interface Scope {
  readonly runner: QueryRunner;
  /** That of a step, also where another one was opened within it. */
  readonly step: { readonly session: StepSession; readonly name: string } | undefined;
}

type Run<T> = (manager: EntityManager) => Promise<T>;
type Connect = (this: object, ...args: unknown[]) => unknown;
type Pool = { connect: Connect & { [UNWATCHED]?: Connect } };

/**
 * Where the library stands in the application's data source: on that one instance, so that two applications do not see
 * each other.
 *
 * - Within a step's transaction, whoever asks for a query runner gets the step's. Repositories, managers and query
 *   builders all do.
 * - `transaction(…)` of its managers says to what it runs which transaction that is.
 * - With a logger, what goes past the transaction of a step is reported, once for each step.
 */
export class TransactionSeam {
  private readonly scopes = new AsyncLocalStorage<Scope>();
  private readonly undo: (() => void)[] = [];
  private readonly reported = new Set<string>();
  private readonly createRunner: DataSource['createQueryRunner'];

  constructor(
    readonly dataSource: DataSource,
    /** `undefined`: queries past a transaction are not looked for. */
    private readonly escapes: Logger | undefined,
  ) {
    this.createRunner = dataSource.createQueryRunner.bind(dataSource);
    this.replace(dataSource, 'createQueryRunner', () => (mode?: 'master' | 'slave') => this.runnerHere(mode));
    this.bind(dataSource.manager);
    if (escapes) this.watchPool();
  }

  /** The runner of the transaction that the running code is in. */
  get current(): QueryRunner | undefined {
    const { step, runner } = this.scopes.getStore() ?? {};
    if (step) return step.session.runner;
    return runner?.isTransactionActive && !runner.isReleased ? runner : undefined;
  }

  /** A session for a step: all that is done {@link inStep} goes over it. */
  openSession(name: string): StepSession {
    const runner = this.createRunner('master');
    this.bind(runner.manager);
    return new StepSession(runner, name, () => this.scopes.getStore()?.step?.session.runner === runner);
  }

  /** Runs what belongs to a step's transaction. */
  inStep<T>(session: StepSession, name: string, run: () => Promise<T>): Promise<T> {
    return this.scopes.run({ runner: session.runner, step: { session, name } }, run);
  }

  /** Runs what belongs to nobody's transaction. */
  outside<T>(run: () => T): T {
    return this.scopes.exit(run);
  }

  /** Leaves the data source as it was. */
  close(): void {
    for (const undo of this.undo.splice(0).reverse()) undo();
  }

  private runnerHere(mode?: 'master' | 'slave'): QueryRunner {
    const step = this.scopes.getStore()?.step;
    if (step) return step.session.runner;
    const runner = this.createRunner(mode);
    this.bind(runner.manager);
    if (this.escapes) this.watch(runner);
    return runner;
  }

  /** What runs in a transaction of this manager is to know. */
  private bind(manager: EntityManager): void {
    const transaction = manager.transaction.bind(manager) as (...args: unknown[]) => Promise<unknown>;
    const bound = (...args: readonly unknown[]): Promise<unknown> =>
      transaction(...args.map(arg => (typeof arg === 'function' ? this.scoped(arg as Run<unknown>) : arg)));
    if (manager.queryRunner) manager.transaction = bound;
    else this.replace(manager, 'transaction', () => bound as EntityManager['transaction']);
  }

  private scoped<T>(run: Run<T>): Run<T> {
    return manager => {
      const { queryRunner: runner } = manager;
      const scope = this.scopes.getStore();
      if (!runner || scope?.runner === runner) return run(manager);
      return this.scopes.run({ runner, step: scope?.step }, () => run(manager));
    };
  }

  /** A runner that was made before the step has a connection of its own. */
  private watch(runner: QueryRunner): void {
    const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
    const watched = (...args: readonly unknown[]): Promise<unknown> => {
      this.report(runner);
      return query(...args);
    };
    runner.query = watched as QueryRunner['query'];
  }

  private watchPool(): void {
    const { master } = this.dataSource.driver as { readonly master?: Pool };
    if (!master) return;
    const { connect } = master;
    this.replace(master, 'connect', () => {
      const report = (): void => this.report();
      const watched: Pool['connect'] = function (...args) {
        report();
        return connect.apply(this, args);
      };
      watched[UNWATCHED] = connect[UNWATCHED] ?? connect;
      return watched;
    });
  }

  private report(runner?: QueryRunner): void {
    const step = this.scopes.getStore()?.step;
    if (!step || runner === step.session.runner || this.reported.has(step.name)) return;
    this.reported.add(step.name);
    const { stack = '' } = new Error(
      `A query of the step ${step.name} goes past its transaction, over a connection of its own: it is not undone with ` +
        'it. Use injected repositories, the EntityManager or the DataSource within the step.',
    );
    this.escapes?.warn(stack);
  }

  /** Replaces a method on one instance, until {@link close}. */
  private replace<K extends string, F>(object: { [key in K]: F }, key: K, make: () => F): void {
    const before = Object.getOwnPropertyDescriptor(object, key);
    const ours = make();
    Object.defineProperty(object, key, { value: ours, configurable: true, writable: true });
    this.undo.push(() => {
      // Somebody else has replaced it since, and calls ours.
      if ((object as { [key: string]: unknown })[key] !== ours) return;
      if (before) Object.defineProperty(object, key, before);
      else delete (object as { [key: string]: unknown })[key];
    });
  }
}

import type { DurableModuleOptions } from '../options/index.js';
import type { Clock } from '../ports/clock.js';
import type { Method, StepMethod } from '../ports/steps.js';
import type { Store } from '../ports/store.js';
import type { Reach } from './fault-points.js';

/** What a test puts in place of the world that an application runs in. */
export interface TestSeam {
  /** The options that the application is to run with, of those that it gave. */
  adapt(given: DurableModuleOptions): DurableModuleOptions;
  readonly clock: Clock;
  readonly database: TestDatabase;
  readonly bodies: StepBodies;
  /** Reached at the named points of the store. */
  readonly reach: Reach;
  /** Sees every call of the store. */
  watch(store: Store): Store;
  /** Id of a new invocation. */
  newId(): string;
  /** The most writes of one commit. */
  largestBatch(): number;
}

/** How a test has its database. */
export interface TestDatabase {
  /** The files of an embedded database that has the tables of a schema, if they were kept. */
  load(schema: string): Promise<Blob | undefined>;
  /** Called once the tables are there; gives the SQL expression that the store has its time by. */
  prepare(opened: OpenedDatabase): Promise<string>;
}

/** A database that has its tables. */
export interface OpenedDatabase {
  readonly schema: string;
  readonly query: (text: string, values?: unknown[]) => Promise<unknown>;
  /** The files of an embedded database. */
  readonly dump?: () => Promise<Blob>;
}

/** What tests put in place of steps' bodies. */
export interface StepBodies {
  ofMethod(instance: object, step: StepMethod, body: Method): Method;
  ofFunction(name: string, body: () => unknown): () => unknown;
}

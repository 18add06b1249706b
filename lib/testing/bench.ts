import type { DurableModuleOptions } from '../options/index.js';
import type { Reach } from '../runtime/fault-points.js';
import type { TestSeam } from '../runtime/test-seam.js';
import { isEmbedded } from '../adapters/embedded/embedded-driver.js';
import { isDataSource } from '../adapters/typeorm/data-source.js';
import { freshId } from '../codec/identity.js';
import { InvalidOptionError } from '../errors/index.js';
import type { Store } from '../ports/store.js';
import { MAX_BATCH } from '../runtime/write-queue.js';
import { Activity } from './activity.js';
import { MovableDatabase } from './test-database.js';
import { TestSteps } from './test-steps.js';
import { VirtualClock } from './virtual-clock.js';

const DRAIN_MS = 100;

/** What one application under test stands on. */
export class Bench implements TestSeam {
  readonly activity = new Activity();
  readonly steps = new TestSteps();
  readonly bodies = this.steps;
  readonly clock: VirtualClock;
  readonly database: MovableDatabase;
  /** What is in place for a run of {@link crashEverywhere}. */
  trial: { readonly reach: Reach; newId(): string } | undefined;

  constructor(
    start: Date,
    readonly idleLimitMs: number,
  ) {
    this.clock = new VirtualClock(start.getTime());
    this.database = new MovableDatabase(start.getTime());
  }

  readonly reach: Reach = (...reached) => this.trial?.reach(...reached);

  /** All that the application says of how it works stays; where its data is does not. */
  adapt({ postgres, redis: _, embedded: __, worker, ...rest }: DurableModuleOptions): DurableModuleOptions {
    const theirs = postgres !== undefined && isDataSource(postgres) ? postgres : undefined;
    if (theirs && !isEmbedded(theirs)) {
      throw new InvalidOptionError(
        'postgres',
        'is the DataSource of a server, under DurableTestingModule',
        "a DataSource with `driver: embeddedDriver({ directory: false })`, so that the application's transactions are those of the test's database",
      );
    }
    const place = theirs ? { postgres: theirs } : { embedded: { directory: false as const } };
    if (worker === false) return { ...rest, ...place, worker };
    const how = typeof worker === 'object' ? worker : {};
    // What is only warned of where it runs is what a test is to find; and no step is worth the wait at its end.
    return { ...rest, ...place, worker: { unjournaledAwait: 'fail', drainTimeout: DRAIN_MS, ...how } };
  }

  watch(store: Store): Store {
    return this.activity.watch(store);
  }

  newId(): string {
    return this.trial?.newId() ?? freshId();
  }

  /** Each entry has a commit of its own where a process is to die after each. */
  largestBatch(): number {
    return this.trial ? 1 : MAX_BATCH;
  }
}

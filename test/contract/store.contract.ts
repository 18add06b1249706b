import type { Store } from '../../lib/ports/store.js';
import { describeChores } from './store/chores.js';
import { describeClaims } from './store/claims.js';
import { describeCommit } from './store/commit.js';
import { describeControl } from './store/control.js';
import { describeDeadlines } from './store/deadlines.js';
import { describeRestart } from './store/restart.js';
import { describeFence } from './store/fence.js';
import { describeModel } from './store/model.js';
import { describeQueries } from './store/queries.js';
import { describeRaces } from './store/races.js';
import { describeRetry } from './store/retry.js';
import { describeSchedules } from './store/schedules.js';
import { Scene } from './store/scene.js';
import { describeSubscriptions } from './store/subscriptions.js';
import { describeWorkers } from './store/workers.js';

export { poisonError } from './store/scene.js';

/** A store under test. `close` also removes what it was opened on. */
export interface OpenedStore {
  readonly store: Store;
  close(): Promise<void>;
}

/**
 * What every store must do, whatever it is made of. One store is opened for all of it; it must be new, and
 * encode the error of a poison invocation with `poisonError` of this file.
 */
export function describeStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(name, () => {
    let opened: OpenedStore;
    beforeAll(async () => {
      opened = await open();
    }, 60_000);
    afterAll(() => opened.close());

    const scene = () => new Scene(opened.store);
    // First: of nothing to do it can tell in a new store only.
    describeChores(scene);
    describeCommit(scene);
    describeFence(scene);
    describeClaims(scene);
    describeWorkers(scene);
    describeQueries(scene);
    describeRetry(scene);
    describeModel(scene);
    describeControl(scene);
    describeDeadlines(scene);
    describeRestart(scene);
    describeSubscriptions(scene);
    describeSchedules(scene);
    describeRaces(scene);
  });
}

import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import { openPostgres, type TestDatabase } from '../contract/databases.js';
import { poisonError } from '../contract/store.contract.js';
import { Scene } from '../contract/store/scene.js';
import { until } from '../support/until.js';
import { describeStuck } from './support/stuck.js';

describe('what is said when something does not come', () => {
  let database: TestDatabase;
  let scene: Scene;
  const stuck = () =>
    describeStuck({
      query: (sql, values) => database.dataSource.query(sql, values ? [...values] : []),
      close: async () => undefined,
    });

  beforeAll(async () => {
    database = await openPostgres('durable', 3);
    scene = new Scene(new TypeOrmStore(database.dataSource, { poisonError }));
  });
  afterAll(() => database.close());

  it('names of every invocation that is not over its status, owner, due time and last entry', async () => {
    expect(await stuck()).toBe('Every invocation is over.');
    const due = await scene.scheduled({ delayMs: 60_000 });
    const orphan = await scene.running();
    await scene.write(
      scene.delivered(orphan, 0),
      scene.entry(orphan, 1, { kind: 'awakeable', name: 'reply' }),
    );
    const failure = await until('it comes', () => false, 1, stuck).catch(String);
    expect(failure).toContain('in vain until it comes. Not over:');
    expect(failure).toMatch(
      new RegExp(`${due}: \\S+ is scheduled, epoch 0, due (59|60)\\.\\d s from now, no entry`),
    );
    expect(failure).toContain(
      `${orphan.invocationId}: ${scene.service}.run is running, epoch 1, owner ${scene.worker} (has no lease), not due, entry 1 awakeable "reply" open`,
    );
  });
});

import { jest } from '@jest/globals';
import { DurableEvent, DurableService, OnDurableEvent } from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';

@DurableEvent('tick')
class Tick {}

@DurableService()
class Clocks {
  @OnDurableEvent(Tick)
  async one(): Promise<void> {}

  @OnDurableEvent(Tick)
  async two(): Promise<void> {}
}

describe('what a publication from a process that only dispatches costs', () => {
  let applications: Applications;
  let publisher: Running;
  beforeAll(async () => {
    applications = await Applications.open();
    const { schema } = await applications.start({ providers: [Clocks] });
    publisher = await applications.start({ schema, durable: { worker: false } });
  });
  afterAll(() => applications.close());

  test.each([1, 50])('is one look-up and one commit, also of %i at once', async count => {
    const { store } = publisher.backend;
    const lookUp = jest.spyOn(store, 'subscribers');
    const commit = jest.spyOn(store, 'commit');
    const published = await Promise.all(
      Array.from({ length: count }, () => publisher.client.publish(new Tick())),
    );
    expect(new Set(published.flatMap(({ invocations }) => invocations)).size).toBe(2 * count);
    expect(lookUp).toHaveBeenCalledTimes(1);
    expect(commit).toHaveBeenCalledTimes(1);
    lookUp.mockRestore();
    commit.mockRestore();
  });

  test('is one commit for all its handlers, however many lanes the writer has', async () => {
    const { schema } = publisher;
    const wide = await applications.start({ schema, durable: { worker: false, writers: 16 } });
    const commit = jest.spyOn(wide.backend.store, 'commit');
    for (let event = 1; event <= 10; event++) {
      await wide.client.publish(new Tick());
      expect(commit).toHaveBeenCalledTimes(event);
    }
  });
});

import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import type { Plan } from '../apps/faults/protocol.js';
import { Scene } from './support/scene.js';

jest.setTimeout(120_000);

const HEARD: Plan = { steps: [{ name: 'heard' }] };
const TIMES = 25;
const EVENTS = 40;

/** Two processes that handle, and two that publish the same, one of which does nothing else. */
describe('events among processes', () => {
  let server: RedisServer;
  let scene: Scene;

  beforeAll(async () => {
    server = await startRedis();
    scene = await Scene.open('postgres+redis', { redis: server.url, fleet: 3, worker: { lease: '30s' } });
  });

  afterAll(async () => {
    await scene.close();
    await server.stop();
  });

  it('come once to each handler, published 50 times by two processes at once, with all of Redis deleted', async () => {
    const [one] = await Promise.all([scene.start(), scene.start()]);
    const client = await scene.start({ worker: false });
    const publish = (from: typeof one, key: string): Promise<string> =>
      from.ask<string>({ do: 'publish', plan: HEARD, key });
    const same = await Promise.all(
      [one, client].flatMap(from => Array.from({ length: TIMES }, () => publish(from, 'same'))),
    );
    expect(new Set(same).size).toBe(1);
    const connection = new Redis(server.url);
    const others: Promise<string>[] = [];
    for (let event = 0; event < EVENTS; event++) {
      others.push(publish(event % 2 === 0 ? one : client, `event ${event}`));
      if (event % 10 === 5) await connection.flushall();
    }
    const ids = [...new Set(same), ...(await Promise.all(others))];
    await connection.flushall();
    connection.disconnect();
    const results = new Map<string, readonly string[]>();
    await Promise.all(ids.map(async id => results.set(id, await client.result(id))));
    await scene.witnessed('all is heard twice', lines => lines.filter(isHeard).length >= 2 * (EVENTS + 1));
    expect(scene.ledger.begun('step')).toHaveLength(2 * (EVENTS + 1));
    expect(await scene.conclude({ accepted: ids, results })).toEqual([]);
  });
});

function isHeard({ what, phase }: { readonly what: string; readonly phase: string }): boolean {
  return what === 'step' && phase === 'end';
}

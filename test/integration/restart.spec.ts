import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import {
  DurableClient,
  DurableModule,
  type DurableModuleOptions,
  DurableService,
  Handler,
} from '../../lib/index.js';
import { keyedId } from '../../lib/codec/identity.js';
import { openStore } from '../../lib/backend/open-store.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { DURABLE_BACKEND } from '../../lib/options/tokens.js';
import type { NewInvocation, Store } from '../../lib/ports/store.js';
import type { Backend } from '../../lib/runtime/backend.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { copyEmbedded } from '../support/embedded-template.js';
import { createScratchDatabase, type ScratchDatabase } from '../support/scratch-database.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const DEAD = 'worker-of-a-process-that-is-gone';

@DurableService()
class Greeter {
  @Handler()
  async greet(name: string): Promise<string> {
    return `hello ${name}`;
  }
}

/** An invocation that a worker drove when its process died; the rest of its lease is as given. */
async function leaveBehind(options: DurableModuleOptions, leaseMs: number): Promise<string> {
  const store = await open(options);
  const id = keyedId('Greeter', 'greet', 'left-behind');
  const accept: NewInvocation = {
    id,
    service: 'Greeter',
    handler: 'greet',
    input: '["Ada"]',
    origin: 'gone',
    delayMs: 0,
    deadline: null,
    at: null,
    owner: DEAD,
    parent: null,
    object: null,
    exclusive: false,
  };
  await store.register({ id: DEAD, host: 'here', pid: 1, services: ['Greeter'] }, leaseMs);
  await store.commit({ accepts: [accept], entries: [], transitions: [], arrivals: [] });
  await store.close();
  return id;
}

async function open(options: DurableModuleOptions): Promise<Store> {
  return (
    await openStore(resolveOptions(options), { logger: new RecordingLogger(), poisonError: () => '{}' })
  ).store;
}

/** Runs `check` on an application; its own lease is so long that nothing of what it does periodically comes in time. */
async function withApplication(
  options: DurableModuleOptions,
  check: (client: DurableClient, backend: Backend) => Promise<void>,
): Promise<void> {
  const durable = DurableModule.forRoot({ ...options, worker: { lease: '1d' } });
  const module = await Test.createTestingModule({ imports: [durable], providers: [Greeter] }).compile();
  await module.init();
  try {
    await check(module.get(DurableClient), module.get<Backend>(DURABLE_BACKEND));
  } finally {
    await module.close();
  }
}

describe('an application that starts after another one died', () => {
  let directory: string;
  let database: ScratchDatabase;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-durable-restart-'));
    await copyEmbedded(directory);
    database = await createScratchDatabase();
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
    await database.drop();
  });

  it('goes on at once on the embedded store, however long the dead lease would have run', async () => {
    const options = { embedded: { directory } };
    const id = await leaveBehind(options, DAY_MS);
    await withApplication(options, async client => {
      await expect(client.get(id).result({ timeout: '10s' })).resolves.toBe('hello Ada');
      expect((await client.get(id).status()).deaths).toBe(1);
    });
  }, 60_000);

  it('goes on at once on PostgreSQL if the dead lease has run out', async () => {
    const options = { postgres: database.url, schema: 'over' };
    const id = await leaveBehind(options, 0);
    await withApplication(options, async client => {
      await expect(client.get(id).result({ timeout: '10s' })).resolves.toBe('hello Ada');
    });
  });

  it('leaves alone on PostgreSQL what belongs to a worker whose lease still runs', async () => {
    const options = { postgres: database.url, schema: 'running' };
    const id = await leaveBehind(options, DAY_MS);
    await withApplication(options, async (client, { store }) => {
      // Whether its own reap at the start came before or after this one: neither finds anything.
      await expect(store.reap({ maxDeaths: 3, limit: 10 })).resolves.toMatchObject({ reaped: [] });
      expect(await client.get(id).status()).toMatchObject({ status: 'running', worker: DEAD });
    });
  });
});

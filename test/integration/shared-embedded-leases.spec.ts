import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { openStore } from '../../lib/backend/open-store.js';
import { embeddedDriver } from '../../lib/index.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import type { Store } from '../../lib/ports/store.js';
import { RecordingLogger } from '../support/recording-logger.js';

/** The embedded database has one process: whatever lease is in it when that begins is over, and no other. */
describe('the leases in an embedded database of the application', () => {
  let directory: string;
  let postgres: DataSource;
  const opened: Store[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shared-embedded-'));
    const driver = embeddedDriver({ directory });
    postgres = await new DataSource({ type: 'postgres', driver }).initialize();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await postgres.destroy();
    await rm(directory, { recursive: true, force: true });
  });

  const open = async (schema?: string): Promise<Store> => {
    const options = resolveOptions({ postgres, ...(schema !== undefined && { schema }) });
    const { store } = await openStore(options, { logger: new RecordingLogger(), poisonError: () => '{}' });
    opened.push(store);
    return store;
  };
  const worker = { id: 'alive', host: 'here', pid: 1, services: ['S'] };

  test('are left to a living worker when a client is opened on the same DataSource', async () => {
    const store = await open();
    await store.register(worker, 60_000);
    const client = await open();
    expect(await store.renew(worker.id, 60_000)).toBe('ok');
    expect(await client.renew(worker.id, 60_000)).toBe('ok');
  });

  test('are ended when the DataSource was closed and is opened again', async () => {
    const store = await open();
    await store.register(worker, 60_000);
    await postgres.destroy();
    await postgres.initialize();
    expect(await (await open()).renew(worker.id, 60_000)).toBe('fenced');
  });

  test('are those of one schema each', async () => {
    const store = await open();
    await store.register(worker, 60_000);
    const other = await open('other');
    expect(await store.renew(worker.id, 60_000)).toBe('ok');
    await other.register(worker, 60_000);
    await open();
    expect(await other.renew(worker.id, 60_000)).toBe('ok');
  });
});

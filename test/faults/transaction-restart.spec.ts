import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { jest } from '@jest/globals';
import type { Repository } from 'typeorm';
import { type PostgresServer, startPostgres } from '../../scripts/servers.mjs';
import { DurableClient, DurableService, Handler, Step } from '../../lib/index.js';
import { Booking, SharedStage, type SharedApplication } from '../support/shared-stage.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

const RETRY = { maxAttempts: 100, initialDelay: 50, backoff: 'fixed' } as const;

@Injectable()
class Bookings {
  constructor(
    @InjectRepository(Booking) private readonly repository: Repository<Booking>,
    private readonly client: DurableClient,
  ) {}

  @Step({ transaction: true, retry: RETRY })
  async book(what: string): Promise<number> {
    const { id } = await this.repository.save({ what });
    await this.repository.query('select pg_sleep(0.02)');
    if (!what.startsWith('mail ')) await this.client.send(Trips).book(`mail ${what}`);
    return id;
  }
}

@DurableService()
class Trips {
  constructor(private readonly bookings: Bookings) {}

  @Handler({ retry: RETRY })
  async book(what: string): Promise<number> {
    return this.bookings.book(what);
  }
}

/** Every connection breaks wherever it happens to be: in a body, before a commit, after it. */
describe('a PostgreSQL that is killed under steps with transactions', () => {
  let server: PostgresServer;
  let stage: SharedStage;
  let one: SharedApplication;

  beforeAll(async () => {
    server = await startPostgres();
    stage = await SharedStage.open('PostgreSQL', server.url);
    one = await stage.start({ providers: [Bookings, Trips] });
  });
  afterAll(async () => {
    await stage.close();
    await server.stop();
  });

  it('has each row once when all is over, and each is what its step recorded', async () => {
    const names = Array.from({ length: 150 }, (_, n) => `trip ${n}`);
    const calls = Promise.all(
      names.map(async what => [what, await one.client.call(Trips).book(what)] as const),
    );
    for (const share of [20, 70]) {
      await until('some are booked', async () => (await one.booked().catch(() => [])).length > share, 60_000);
      await server.kill();
      await server.restart();
    }
    const results = new Map(await calls);
    const rows = () => one.dataSource.getRepository(Booking).find();
    await until('all mails are there', async () => (await rows()).length >= 2 * names.length, 60_000);
    const found = await rows();
    expect(found.map(({ what }) => what).sort()).toEqual([...names, ...names.map(n => `mail ${n}`)].sort());
    for (const { id, what } of found) if (results.has(what)) expect(id).toBe(results.get(what));
  });
});

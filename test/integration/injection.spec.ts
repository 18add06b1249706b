import {
  type DurableClient,
  DurableContext,
  DurableEvent,
  DurableService,
  Handler,
  ObjectState,
  OnDurableEvent,
  Shared,
  VirtualObject,
} from '../../lib/index.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { Applications, type Running } from '../support/applications.js';

/** What has ended a statement, a literal, an array, a parameter or an identifier somewhere before. */
const PAYLOADS = [
  "'",
  '"',
  "'; DROP TABLE invocation; --",
  "x'); DELETE FROM invocation; --",
  "' OR '1'='1",
  "' UNION SELECT * FROM pg_shadow --",
  "'||(SELECT version())||'",
  '1; SELECT pg_sleep(60)',
  "\\'; SELECT 1; --",
  '\\',
  'a\\0b',
  '$1',
  '$1::text',
  ':name',
  '$$; DROP SCHEMA durable CASCADE; $$',
  "E'\\x27'",
  '/* */ --',
  '{a,"b",NULL}',
  'NULL',
  '(1,2)',
  '%',
  '_',
  '${process.exit(1)}',
  '{{constructor}}',
  '＇ OR 1=1',
  'a\u0000b',
  "\u0000'; SELECT 1",
  '\ud800',
  'a\r\nSET key 1\r\n',
  '*',
  'x'.repeat(100_000),
] as const;

@DurableEvent('injection.happened')
class Happened {
  readonly text!: string;
}

@DurableService()
class Service {
  constructor(private readonly durable: DurableContext) {}

  @Handler({ retry: { maxAttempts: 1 } })
  async echo(text: string): Promise<string> {
    return text;
  }

  /** Names that a handler can give. */
  @Handler({ retry: { maxAttempts: 1 } })
  async names(what: string, name: string): Promise<unknown> {
    const { durable } = this;
    if (what === 'step') return durable.run(name, () => name);
    if (what === 'progress') return durable.set(name, name);
    if (what === 'signal') return durable.signal(name, { timeout: 1 }).catch(ignoreTimeout);
    if (what === 'attach') return durable.attach(name);
    if (what === 'child') return durable.call(Box, { key: name, idempotencyKey: name }).put(name);
    if (what === 'publish') return durable.publish(Happened, { text: name }, { id: name });
    durable.compensate(name, () => undefined);
    return durable.run('after', () => name);
  }

  @OnDurableEvent(Happened)
  async heard(event: Happened): Promise<string> {
    return event.text;
  }
}

@VirtualObject()
class Box {
  constructor(private readonly state: ObjectState) {}

  @Handler({ retry: { maxAttempts: 1 } })
  async put(name: string): Promise<void> {
    await this.state.set(name, name);
  }

  @Shared()
  async names(): Promise<string[]> {
    return this.state.keys();
  }
}

function ignoreTimeout(error: unknown): void {
  if ((error as { code?: string }).code !== 'DURABLE_WAIT_TIMEOUT') throw error;
}

type Use = (client: DurableClient, text: string) => Promise<unknown>;
const named =
  (what: string): Use =>
  (client, text) =>
    client.call(Service).names(what, text);

/** Everything that takes a text, and brings it to the database or to Redis. */
const SURFACE: Readonly<Record<string, Use>> = {
  'an argument': (client, text) => client.call(Service).echo(text),
  'the key of an object': (client, text) => client.call(Box, { key: text }).names(),
  'a name in its state': (client, text) => client.call(Box, { key: 'box' }).put(text),
  'a name in its state, by a client': (client, text) => client.state(Box, 'edited').set(text, text),
  'a state to read': (client, text) => client.state(Box, 'edited').get(text),
  'a state to delete': (client, text) => client.state(Box, 'edited').delete(text),
  'an idempotency key': async (client, text) =>
    (await client.send(Service, { idempotencyKey: text }).echo('same')).result(),
  'an id of an event': (client, text) => client.publish(Happened, { text: 'same' }, { id: text }),
  'the data of an event': (client, text) => client.publish(Happened, { text }),
  'a signal to begin with': (client, text) =>
    client.call(Service, { signal: { name: text, value: text } }).echo('x'),
  'a signal': async (client, text) => client.signal((await over(client)).id, text),
  'an idempotency key of a signal': async (client, text) =>
    client.signal((await over(client)).id, 'late', 1, { idempotencyKey: text }),
  'a progress to query': async (client, text) => client.query((await over(client)).id, text),
  'an id to look at': (client, text) => client.get(text).status(),
  'an id to wait for': (client, text) => client.get(text).result({ timeout: 1_000 }),
  'an id to signal': (client, text) => client.signal(text, 'a'),
  'an id whose journal is asked for': (client, text) => client.journal(text),
  'an id to cancel': (client, text) => client.cancel(text),
  'an id to kill': (client, text) => client.kill(text),
  'an id to pause': (client, text) => client.pause(text),
  'an id to resume': (client, text) => client.resume(text),
  'an id to retry': (client, text) => client.retry(text),
  'an id to restart': (client, text) => client.restart(text),
  'an id to skip the compensation of': (client, text) => client.skipCompensation(text),
  'an awakeable': (client, text) => client.resolveAwakeable(text, 1),
  'an awakeable to reject': (client, text) => client.rejectAwakeable(text, text),
  'a service to list': (client, text) => client.list({ service: text }),
  'a handler to list': (client, text) => client.list({ handler: text }),
  'a status to list': (client, text) => client.list({ status: text as 'failed' }),
  'a parent to list': (client, text) => client.list({ parent: text }),
  'a cursor': (client, text) => client.list({ cursor: text }),
  'a cursor that holds it': (client, text) =>
    client.list({ cursor: Buffer.from(`1_${text}`).toString('base64url') }),
  'the name of a schedule': (client, text) =>
    client.schedules.create(Service, { name: text, every: '1d' }).echo(text),
  'a schedule to look at': (client, text) => client.schedules.get(text),
  'a schedule to pause': (client, text) => client.schedules.pause(text),
  'a schedule to resume': (client, text) => client.schedules.resume(text),
  'a schedule to trigger': (client, text) => client.schedules.trigger(text),
  'a schedule to delete': (client, text) => client.schedules.delete(text),
  'a cron pattern': (client, text) =>
    client.schedules.create(Service, { name: `cron ${text.slice(0, 9)}`, cron: text }).echo('x'),
  'a time zone': (client, text) =>
    client.schedules.create(Service, { name: 'zoned', cron: '0 3 * * *', timeZone: text }).echo('x'),
  'the key of a schedule': async (client, text) => {
    await client.schedules.create(Box, { name: 'keyed', every: '1d', key: text }).names();
    await client.schedules.delete('keyed');
  },
  'the name of a step': named('step'),
  'the name of a progress': named('progress'),
  'the name of a signal that is waited for': named('signal'),
  'the name of a compensation': named('compensation'),
  'an id to attach to': named('attach'),
  'keys of a child': named('child'),
  'an id of an event of a handler': named('publish'),
};

const TABLES = ['invocation', 'entry', 'object', 'state', 'schedule', 'signal', 'subscription', 'worker'];

let applications: Applications;
let running: Running;
beforeAll(async () => {
  applications = await Applications.open();
  running = await applications.start({ providers: [Service, Box] });
});
afterAll(() => applications.close());

/** An invocation that was over before. */
let last: { readonly id: string } | undefined;
async function over(client: DurableClient): Promise<{ readonly id: string }> {
  if (last) return last;
  const sent = await client.send(Service).echo('over');
  await sent.result();
  return (last = sent);
}

/** Numbers of rows, and the texts that nobody may have changed. */
async function rows(): Promise<Record<string, number>> {
  const counts = TABLES.map(table => `(SELECT count(*)::int FROM ${running.schema}.${table}) AS "${table}"`);
  const [found] = await applications.query<Record<string, number>>(`SELECT ${counts.join(', ')}`);
  return found as Record<string, number>;
}

/** What a call came to, with the rows that it has added. */
async function effect(use: Use, text: string) {
  const before = await rows();
  const said: unknown = await Promise.resolve()
    .then(() => use(running.client, text))
    .then(
      () => 'taken',
      (error: unknown) => error,
    );
  const after = await rows();
  const added = Object.fromEntries(
    TABLES.map(table => [table, Number(after[table]) - Number(before[table])]),
  );
  return { said, added };
}

describe('S31 a text that is SQL', () => {
  it.each(Object.keys(SURFACE))('is data, or is refused by a named error: as %s', async place => {
    const use = SURFACE[place] as Use;
    await over(running.client);
    const benign = await effect(use, 'benign');
    for (const payload of PAYLOADS) {
      const { said, added } = await effect(use, payload);
      if (said === 'taken') expect(added).toEqual(benign.said === 'taken' ? benign.added : NOTHING);
      else {
        expect(said).toMatchObject({ code: expect.stringMatching(/^DURABLE_/) });
        // A handler that was refused something is an invocation that has failed.
        expect({ ...added, invocation: 0, entry: 0 }).toEqual(NOTHING);
      }
    }
  });

  it('is no name of a schema, a namespace, a service, a handler or an event', () => {
    const refused = (code: string): Error => expect.objectContaining({ code }) as Error;
    // The names of these two are harmless: they are in the list of what is allowed.
    for (const name of PAYLOADS.filter(text => text !== '_' && text !== 'NULL')) {
      expect(() => resolveOptions({ schema: name })).toThrow(refused('DURABLE_INVALID_OPTION'));
      expect(() => resolveOptions({ namespace: name })).toThrow(refused('DURABLE_INVALID_OPTION'));
      expect(() => DurableService({ name })(class {})).toThrow(refused('DURABLE_INVALID_NAME'));
      expect(() => DurableEvent(name)(class {})).toThrow(refused('DURABLE_INVALID_NAME'));
      expect(() => Handler({ name })({}, 'run', { value: () => undefined })).toThrow(
        refused('DURABLE_INVALID_NAME'),
      );
    }
  });
});

const NOTHING = Object.fromEntries(TABLES.map(table => [table, 0]));
